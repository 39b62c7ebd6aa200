namespace Agent.Host.Configuration;

/// <summary>What a server that transfers its zones needs from the rest of the configuration.</summary>
internal sealed partial class OptionsBinder
{
    private void CheckSecondaries(AgentOptions options)
    {
        foreach (TargetOptions target in options.Targets)
        {
            if (target.Settings.Secondary is not { } secondary) continue;
            if (options.Zones.Rollout.Canaries.Contains(target.Name))
            {
                _agent.Problem(
                    "rollout",
                    $"canaries: {target.Name} has style = secondary, and content on trial is not given to those who transfer zones");
            }

            if (!TakesFromUs(secondary, options)) continue;
            if (options.Access.AllowTransfer.Count == 0)
            {
                _agent.Problem(
                    "allow-transfer",
                    $"the server of target {target.Name} (style = secondary) transfers its zones from the agent: name it here");
            }

            if (options.Access.TransferTransport == TransferTransport.Tls)
            {
                _agent.Problem(
                    "transfer-transport",
                    $"the server of target {target.Name} (style = secondary) is told to transfer without TLS; any lets it");
            }
        }
    }

    /// <summary>Whether one of the primaries is not known as a master, so an agent. Where the server's own configuration names them, nobody
    /// knows.</summary>
    private static bool TakesFromUs(SecondarySettings secondary, AgentOptions options)
    {
        var known = options.Roster.All.Select(master => new HostEndpoint(master.Host, master.Port)).ToHashSet();
        return !secondary.Primaries.All(known.Contains);
    }
}
