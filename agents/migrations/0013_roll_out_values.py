from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0012_tools'),
    ]

    operations = [
        migrations.AddField(
            model_name='rolloutitem',
            name='values',
            field=models.JSONField(default=dict, help_text='Of parameters that the version asks for and it had none for.'),
        ),
    ]
