using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Host.Plugins;

/// <summary>Stands for a target that cannot be worked with until somebody mends its plugin: away, and says why.</summary>
internal sealed class UnusableBackend(string driver, Reason reason) : IZoneBackend
{
    public BackendTraits Traits { get; } = new(driver, 1, TimeSpan.FromSeconds(1));

    public void Apply(ApplyZone order, ReplyTo replyTo) => Finish(order, replyTo);

    public void Remove(RemoveZone order, ReplyTo replyTo) => Finish(order, replyTo);

    public void Probe(ProbeServer order, ReplyTo replyTo) => Finish(order, replyTo);

    public void Observe(ObserveZone order, ReplyTo replyTo) =>
        replyTo.Tell(new ZoneObserved(order.Id, Observation.CannotTell, 0, reason));

    public void List(ListServed order, ReplyTo replyTo) => replyTo.Tell(new ServedListed(order.Id, [], reason));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Finish(BackendOrder order, ReplyTo replyTo) => replyTo.Tell(new OrderFinished(order.Id, OrderOutcome.Away, reason));
}
