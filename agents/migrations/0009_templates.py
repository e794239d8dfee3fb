import django.db.models.deletion
import django.db.models.functions.text
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0008_voice_clips'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Template',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
                ('description', models.TextField(blank=True, max_length=2000)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('master', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='master_of', to='agents.agent')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='agent',
            name='template',
            field=models.ForeignKey(blank=True, help_text='What it is an instance of. Which version each document rests on is said in the document.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='instances', to='agents.template'),
        ),
        migrations.CreateModel(
            name='TemplateVersion',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('content', models.JSONField()),
                ('parameters', models.JSONField(default=list)),
                ('notes', models.CharField(blank=True, max_length=300)),
                ('published_at', models.DateTimeField(auto_now_add=True)),
                ('published_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='agents.template')),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.AddField(
            model_name='template',
            name='latest',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agents.templateversion'),
        ),
        migrations.CreateModel(
            name='RollOut',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('rule', models.CharField(choices=[('leave', 'Leave that agent as it is'), ('instance', 'Keep the agent’s words'), ('template', 'Take the template’s words')], default='leave', max_length=8)),
                ('force', models.BooleanField(default=False, help_text="Also where the agent's tests fail.")),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roll_outs', to='agents.templateversion')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='RollOutItem',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Rolled out'), ('left', 'Left as it is'), ('failed', 'Failed'), ('back', 'Rolled back')], default='waiting', max_length=8)),
                ('choices', models.JSONField(default=dict, help_text='Per place that both changed: “instance” or “template”.')),
                ('sentence', models.CharField(blank=True, max_length=1000)),
                ('before_draft', models.JSONField(null=True)),
                ('after_revision', models.PositiveIntegerField(null=True)),
                ('changed_at', models.DateTimeField(blank=True, null=True)),
                ('after_version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='agents.agentversion')),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='roll_out_items', to='agents.agent')),
                ('before_version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='agents.agentversion')),
                ('roll_out', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='agents.rollout')),
            ],
            options={
                'ordering': ['agent__client__name', 'agent__name'],
                'indexes': [models.Index(fields=['state', 'roll_out'], name='agents_roll_state_d8e8c3_idx')],
                'constraints': [models.UniqueConstraint(fields=('roll_out', 'agent'), name='one_item_per_instance')],
            },
        ),
        migrations.AddConstraint(
            model_name='templateversion',
            constraint=models.UniqueConstraint(fields=('template', 'number'), name='one_template_version_per_number'),
        ),
        migrations.AddConstraint(
            model_name='template',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('name'), condition=models.Q(('archived_at', None)), name='one_template_per_name'),
        ),
    ]
