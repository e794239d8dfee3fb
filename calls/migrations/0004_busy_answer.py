from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("calls", "0003_trace_pause")]

    operations = [
        migrations.AddField(
            "phonenumber",
            "busy_sentence",
            models.CharField(blank=True, help_text="Said when no agent can take the call.", max_length=300),
        ),
        migrations.AddField(
            "phonenumber",
            "busy_transfer_to",
            models.CharField(blank=True, help_text="E.164. Who takes the call then.", max_length=20),
        ),
    ]
