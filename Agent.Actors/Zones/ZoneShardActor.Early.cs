using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;

namespace Agent.Actors.Zones;

/// <content>What comes before the shard's rows are there. It waits in order, but nobody waits for a journal that is away.</content>
public sealed partial class ZoneShardActor
{
    private static readonly object EarlyTimer = new();
    private static readonly TimeSpan EarlyInterval = TimeSpan.FromSeconds(1);
    private static readonly Reason Starting = new(ReasonCode.Overload, "too many requests wait while the agent starts");
    private static readonly Reason NotLoadedYet = new(ReasonCode.JournalAway, "the zones of the shard are not read yet");

    private readonly Queue<EarlyMessage> _early = new();

    private void Keep(object message)
    {
        if (_early.Count >= _settings.MaxEarly)
        {
            (message as ZoneMessage)?.Refuse(Sender, Starting);
            return;
        }

        if (!Timers.IsTimerActive(EarlyTimer)) Timers.StartPeriodicTimer(EarlyTimer, EarlyTimer, EarlyInterval);
        _early.Enqueue(new EarlyMessage(message, Sender, Clock.Monotonic));
    }

    /// <summary>The rows are asked for again after a moment; whoever waits for them hears why they do not come.</summary>
    private void LoadFailed(Reason reason)
    {
        CodeProbe.Reached("shard.load-failed");
        RefuseEarly(static _ => true, reason);
        Timers.StartSingleTimer(LoadTimer, LoadTimer, TimeSpan.FromSeconds(1));
    }

    /// <summary>A journal that neither gives the rows nor says why is not waited for beyond the time of an answer.</summary>
    private void RefuseLate()
    {
        TimeSpan since = Clock.Monotonic - _settings.Zones.Policy.Current.AnswerDeadline;
        RefuseEarly(early => early.CameAt <= since, NotLoadedYet);
        if (_early.Count == 0) Timers.Cancel(EarlyTimer);
    }

    private void RefuseEarly(Func<EarlyMessage, bool> isOver, Reason reason)
    {
        for (int left = _early.Count; left > 0; left--)
        {
            EarlyMessage early = _early.Dequeue();
            if (early.Message is ZoneMessage zone && isOver(early)) zone.Refuse(early.Sender, reason);
            else _early.Enqueue(early);
        }
    }

    private void DeliverEarly()
    {
        Timers.Cancel(EarlyTimer);
        while (_early.TryDequeue(out EarlyMessage early))
        {
            // At once, and not behind what has come since: a CREATE and a DELETE of one zone must not change places.
            if (early.Message is ZoneMessage zone) Deliver(zone, early.Sender);
            else Self.Tell(early.Message, early.Sender);
        }
    }

    private readonly record struct EarlyMessage(object Message, IActorRef Sender, TimeSpan CameAt);
}
