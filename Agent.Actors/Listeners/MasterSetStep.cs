namespace Agent.Actors.Listeners;

/// <summary>Notes which master set speaks. It refuses nobody: whose a zone is, the zone itself knows.</summary>
internal sealed class MasterSetStep(ListenerPolicy policy) : IRequestStep
{
    public StepRefusal? Apply(ref RequestContext context)
    {
        if (context.Kind is RequestKind.Create or RequestKind.Delete or RequestKind.Notify)
            context.MasterSet = policy.MasterSetOf(context.Source.Client, context.Authentication.KeyName, context.Source.Tls);
        return null;
    }
}
