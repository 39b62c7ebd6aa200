using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// One watch, from the store to the node: pieces are told in order and without a gap, some late; it may break, fall silent, or find that
/// its past was compacted. It never loses a change and goes on.
/// </summary>
internal sealed class SimStoreWatch(
    SimClusterStore store, SimStoreClient client, KernelRandom random, long number, string prefix, long fromRevision, ReplyTo replyTo)
{
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CutPause = TimeSpan.FromMilliseconds(200);

    private readonly Queue<Action> _inbox = new();
    private long _next = Math.Max(1, fromRevision);
    private bool _isPumping;
    private bool _isSilent;
    private bool _isEnded;
    private bool _isStopped;
    private TimeSpan _lastDue;

    public SimStoreClient Client => client;

    public long Number => number;

    private bool IsQuiet => _isSilent || _isEnded || _isStopped || client.IsOver;

    /// <summary>Whether the revision has something for this watch.</summary>
    public bool Tells(StoreRevision revision) => revision.Changes.Any(IsOurs);

    /// <summary>There may be something to tell: it is put together after a moment.</summary>
    public void Pump()
    {
        if (_isPumping || IsQuiet) return;
        _isPumping = true;
        TimeSpan wait = client.Way();
        if (Chance(client.Present.WatchSlowChance))
        {
            store.Log.Count("store.watch-slow", client.Node.Name);
            wait = random.NextTimeSpan(Late);
        }

        store.Sim.Schedule(wait, Tell);
    }

    /// <summary>Nothing comes any more, and after the progress timeout its client notices.</summary>
    public void FallSilent()
    {
        if (IsQuiet) return;
        store.Log.Count("store.watch-silent", client.Node.Name);
        _isSilent = true;
        WaitForLife();
    }

    /// <summary>The client gives up what has been silent for too long; a connection that came back before goes on.</summary>
    public void WaitForLife() => client.Node.Schedule(client.ProgressTimeout, () =>
    {
        if (_isSilent || store.IsCut(client.Node)) End("no sign of life");
    });

    public void Break(string why)
    {
        if (IsQuiet) return;
        store.Log.Count("store.watch-broken", client.Node.Name);
        _isSilent = true;
        Deliver(() => End(why));
    }

    public void Stop() => _isStopped = true;

    private void Tell()
    {
        _isPumping = false;
        if (IsQuiet || store.IsAway) return;
        if (store.IsCut(client.Node))
        {
            _isPumping = true;
            store.Sim.Schedule(CutPause, Tell);
        }
        else if (_next <= store.State.Compacted)
        {
            store.Log.Count("store.watch-compacted", client.Node.Name);
            _isSilent = true;
            Deliver(() => End("required revision has been compacted"));
        }
        else if (Chance(client.Present.WatchBreakChance))
        {
            Break("connection reset");
        }
        else if (Chance(client.Present.WatchSilentChance))
        {
            FallSilent();
        }
        else
        {
            Send();
        }
    }

    private void Send()
    {
        if (_next > store.State.Revision) return;
        // Sometimes only a part of what there is: the rest follows in a message of its own.
        long last = store.State.Revision;
        if (last > _next && Chance(0.3)) last = _next + random.Next((int)(last - _next));
        ImmutableArray<StoreChange> changes =
            [.. store.State.Since(_next).TakeWhile(r => r.Revision <= last).SelectMany(r => r.Changes).Where(IsOurs)];
        _next = last + 1;
        Deliver(() =>
        {
            client.Saw(last);
            replyTo.Tell(new StoreChanged(number, last, changes));
        });
        if (last < store.State.Revision) Pump();
    }

    /// <summary>In order: nothing overtakes what was sent before, also when the node pauses in between.</summary>
    private void Deliver(Action act)
    {
        TimeSpan due = store.Sim.Now + client.Way();
        if (due < _lastDue) due = _lastDue;
        _lastDue = due;
        _inbox.Enqueue(act);
        client.Deliver(due - store.Sim.Now, () =>
        {
            Action first = _inbox.Dequeue();
            if (!_isEnded && !_isStopped) first();
        });
    }

    private void End(string why)
    {
        if (_isEnded || _isStopped || client.IsOver) return;
        _isEnded = true;
        client.Forget(this);
        replyTo.Tell(new WatchEnded(number, new Reason("store-away", why)));
    }

    private bool IsOurs(StoreChange change) => change.Key.StartsWith(prefix, StringComparison.Ordinal);

    private bool Chance(double chance) => chance > 0 && random.Chance(chance);
}
