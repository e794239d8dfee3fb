from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0006_key_pools'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='provideraccount',
            name='api_key',
        ),
    ]
