using Agent.Dns.Wire;

namespace Agent.Host.Configuration;

/// <summary>What a catalog of our own needs from the rest of the configuration.</summary>
internal sealed partial class OptionsBinder
{
    private void CheckCatalogTargets(AgentOptions options)
    {
        var names = new HashSet<DomainName>();
        foreach (TargetOptions target in options.Targets)
        {
            if (target.Settings is not CatalogTargetSettings settings) continue;
            if (!names.Add(settings.Name)) Problem(target, $"another target makes the catalog {settings.Name} already");
            if (options.Catalogs.ContainsKey(settings.Name)) Problem(target, $"agent.catalogs reads {settings.Name} from others");
            if (options.Zones.Rollout.Canaries.Contains(target.Name))
                Problem(target, "it cannot be a canary: content that is on trial is not given to those who transfer zones");

            // One node alone would know the members, and the one that follows it would begin with none.
            if (options.Cluster.IsEnabled) Problem(target, "this version makes no catalogs in a cluster");
            if (options.Access.AllowTransfer.Count == 0)
                _agent.Problem("allow-transfer", $"the consumers of the catalog {settings.Name} transfer it and its zones: name them here");
        }

        void Problem(TargetOptions target, string text) =>
            _agent.Problem(_agent.Named("targets").Any() ? "targets" : "backend-driver", $"target {target.Name}: {text}");
    }
}
