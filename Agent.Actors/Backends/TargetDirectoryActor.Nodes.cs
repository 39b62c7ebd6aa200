using Agent.Actors.Cluster;
using Agent.Actors.Reasons;

namespace Agent.Actors.Backends;

/// <content>What goes to other nodes and comes from them: wishes for targets of this node, and how targets stand.</content>
public sealed partial class TargetDirectoryActor
{
    private void Hear(FromNode from)
    {
        if (_settings.Link is not { } link) return;
        switch (from.Message)
        {
            case WishForTarget told:
                // A target of the farm that is not held here is not known here: its owner hears elsewhere who holds it, and tells it there.
                Entry? local = Local().FirstOrDefault(e => e.Place.Target == told.Target);
                local?.Actor.Tell(told, new TargetReporter(link.Transport, from.Node, told.Target, told.Request));
                break;
            case WishTaken taken:
                Hand(taken.Request, from);
                break;
            case ReportOfTarget report:
                Hand(report.Request, from);
                break;
            case TargetHealthTold told:
                foreach (Entry entry in Remote(from.Node).Where(e => e.Place.Target == told.Target)) entry.Actor.Tell(from, Self);
                break;
            default:
                Unhandled(from);
                break;
        }
    }

    /// <summary>The number says which target's actor told the wish that is answered.</summary>
    private void Hand(long request, FromNode from)
    {
        if (_places.TryGetValue(WishNumbers.PlaceOf(request), out Entry? entry) && entry.Place.Node == from.Node)
            entry.Actor.Tell(from, Self);
    }

    private void Link(LinkChanged link)
    {
        foreach (Entry entry in Remote(link.Node)) entry.Actor.Tell(link, Self);
        if (!link.IsUp) return;
        foreach (Entry entry in Local()) TellHealth(link.Node, entry);
    }

    private void HealthChanged(TargetHealthChanged change)
    {
        if (!_entries.TryGetValue(change.Target, out Entry? entry) || entry.Place.Local is null || change.Source != entry.Actor) return;
        entry.Health.IsHealthy = change.Healthy;
        entry.Health.Reason = change.Reason;
        if (change.Returned) entry.Health.Returns = _numbers.Next();
        foreach (string node in OthersUp()) TellHealth(node, entry);
    }

    /// <summary>What a target of this node has said of itself goes out at once when it is news, and with the next health in any
    /// case.</summary>
    private void Take(TargetStatus status)
    {
        if (!_entries.TryGetValue(status.Name, out Entry? entry) || entry.Place.Local is null || Sender != entry.Actor) return;
        TargetPortrait? before = entry.Health.Portrait;
        entry.Health.Portrait = TargetPortrait.Of(status);
        if (entry.Health.Portrait == before) return;
        foreach (string node in OthersUp()) TellHealth(node, entry);
    }

    private void TellHealth()
    {
        foreach (Entry entry in Local()) entry.Actor.Tell(new GetTargetStatus(), Self);
        foreach (string node in OthersUp())
        {
            foreach (Entry entry in Local()) TellHealth(node, entry);
        }
    }

    private void TellHealth(string node, Entry entry) => _settings.Link!.Transport.Send(
        node,
        new TargetHealthTold(entry.Place.Target, entry.Health.IsHealthy, entry.Health.Reason, entry.Health.Returns)
        {
            Portrait = entry.Health.Portrait,
        });

    /// <summary>One that is away is looked at on its return anyway.</summary>
    private void Look(LookAgain look)
    {
        if (!_entries.TryGetValue(look.Name, out Entry? entry) || entry.Actor != look.Actor || !entry.Health.IsHealthy) return;
        Context.System.EventStream.Publish(
            new TargetHealthChanged(look.Name, Healthy: true, Returned: true, Reason: null) { Source = look.Actor });
    }

    private IEnumerable<Entry> Local() => _entries.Values.Where(e => e.Place.Local is not null);

    private IEnumerable<Entry> Remote(string node) => _entries.Values.Where(e => e.Place.Local is null && e.Place.Node == node);

    private IEnumerable<string> OthersUp() =>
        _cluster?.Nodes.Where(n => n.Instance is not null && n.Node != _settings.Link!.Node).Select(n => n.Node) ?? [];

    /// <summary>How a target of this node stands.</summary>
    private sealed class Health
    {
        public bool IsHealthy { get; set; } = true;

        public Reason? Reason { get; set; }

        public TargetPortrait? Portrait { get; set; }

        /// <summary>Grows with each return while the node runs.</summary>
        public long Returns { get; set; }
    }
}
