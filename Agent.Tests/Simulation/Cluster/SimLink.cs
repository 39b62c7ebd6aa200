using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// One node's link to one run of another, as a connection that is made anew after each break. Within one life of the connection messages
/// arrive in order or not at all; what was under way when it broke may arrive behind what the next one carries.
/// </summary>
internal sealed class SimLink(SimNetwork network, SimTransport from, NodePeer peer)
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SlowMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SlowService = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan ProbePause = TimeSpan.FromMilliseconds(200);

    private readonly Queue<(object Message, TimeSpan Due)> _queue = new();
    private int _life;
    private bool _isUp;
    private bool _isClosed;
    private bool _isSending;
    private TimeSpan _lastSeen;
    private TimeSpan _lastDue;

    public NodePeer Peer => peer;

    public bool IsUp => _isUp;

    /// <summary>Messages on their way.</summary>
    public int Waiting => _queue.Count;

    private KernelRandom Random => from.Draw;

    private NetworkFaults Faults => from.OwnFaults ?? network.Faults;

    private SimTransport? Target => network.Find(peer.Node, peer.Instance);

    public bool IsTo(NodePeer other) => other.Node == peer.Node && other.Instance == peer.Instance;

    public bool IsTo(Guid instance) => peer.Instance == instance;

    /// <summary>Tries to connect until it succeeds; the other run must be the one that is meant.</summary>
    public void Open() => from.WhenAwake(Random.NextTimeSpan(_life == 0 ? 4 * Faults.Way : RetryMax), () =>
    {
        if (_isClosed || _isUp) return;
        if (Target is not { Node: { IsUp: true } target } || target.PausedFor > TimeSpan.Zero || !network.CanTalk(from.Name, peer.Node))
        {
            _life++;
            Open();
            return;
        }

        _life++;
        _isUp = true;
        _lastSeen = network.Sim.Now;
        from.Tell(new LinkChanged(peer.Node, peer.Instance, IsUp: true, "connected"));
        Watch(_life);
    });

    /// <summary>The peer is not wanted any more: what waits is lost, and the break is told.</summary>
    public void Close()
    {
        _isClosed = true;
        Break("not a peer any more", TimeSpan.Zero);
    }

    /// <summary>This end's node has crashed: nobody is to be told, and what is under way may still arrive.</summary>
    public void Abandon()
    {
        _isClosed = true;
        _isUp = false;
        DropQueue();
    }

    public void Break(string why, TimeSpan after)
    {
        int life = _life;
        from.WhenAwake(after, () =>
        {
            if (!_isUp || _life != life) return;
            _isUp = false;
            network.Log.Count("network.link-broken", $"{from.Name} to {peer.Node}");
            DropQueue();
            from.Tell(new LinkChanged(peer.Node, peer.Instance, IsUp: false, why));
            if (!_isClosed) Open();
        });
    }

    public void Send(object message)
    {
        if (!_isUp)
        {
            network.Log.Count("network.no-link", $"{from.Name} to {peer.Node}");
        }
        else if (_queue.Count >= network.QueueMax)
        {
            network.Log.Count("network.queue-full", $"{from.Name} to {peer.Node}");
        }
        else if (Random.Chance(Faults.LossChance))
        {
            network.Log.Count("network.lost", $"{from.Name} to {peer.Node}");
        }
        else
        {
            TimeSpan due = network.Sim.Now + Way();
            // Nothing overtakes what was sent before; over a slow link one message after the other takes its time.
            if (due < _lastDue) due = _lastDue;
            if (network.IsSlow(from.Name, peer.Node)) due += SlowService;
            _lastDue = due;
            _queue.Enqueue((message, due));
            if (Random.Chance(Faults.BreakChance)) Break("connection reset", Random.NextTimeSpan(Faults.Way));
            if (!_isSending) SendNext();
        }
    }

    private void SendNext()
    {
        _isSending = true;
        int life = _life;
        TimeSpan wait = _queue.Peek().Due - network.Sim.Now;
        network.Sim.Schedule(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, () => Move(life));
    }

    /// <summary>The first of the queue arrives, unless the way is cut or the peer stands still: then it stays, as in a connection that
    /// sends again and again.</summary>
    private void Move(int life)
    {
        if (life != _life || !_isUp) return;

        if (network.IsCut(from.Name, peer.Node))
        {
            network.Sim.Schedule(ProbePause, () => Move(life));
            return;
        }

        Deliver(_queue.Dequeue().Message, TimeSpan.Zero);
        _isSending = false;
        if (_queue.Count > 0) SendNext();
    }

    private void Deliver(object message, TimeSpan late)
    {
        if (Target is not { } target)
        {
            network.Log.Count("network.other-instance", $"{from.Name} to {peer.Node}");
            return;
        }

        target.WhenAwake(late, () => target.Arrive(from.Name, from.Instance, message));
    }

    /// <summary>What the sender must count as lost. The first of it may have arrived already, and its receiver reads it yet.</summary>
    private void DropQueue()
    {
        bool isCut = network.IsCut(from.Name, peer.Node);
        TimeSpan late = Random.NextTimeSpan(SlowMax);
        _isSending = false;
        _lastDue = TimeSpan.Zero;
        while (_queue.TryDequeue(out (object Message, TimeSpan Due) dropped))
        {
            isCut = isCut || !Random.Chance(Faults.LateChance);
            network.Log.Count(isCut ? "network.lost-at-break" : "network.late", $"{from.Name} to {peer.Node}");
            if (!isCut) Deliver(dropped.Message, late);
        }
    }

    /// <summary>The signs of life of the two ends.</summary>
    private void Watch(int life) => from.WhenAwake(Beat / 2 + Random.NextTimeSpan(Beat), () =>
    {
        if (!_isUp || _life != life) return;
        // Looked at first: after a long pause of this end it is the other that has given up.
        bool isOver = network.Sim.Now - _lastSeen > network.LinkTimeout;
        if (Target is { Node.PausedFor.Ticks: 0 } && network.CanTalk(from.Name, peer.Node)) _lastSeen = network.Sim.Now;
        if (isOver) Break("no sign of life", TimeSpan.Zero);
        else Watch(life);
    });

    private TimeSpan Way()
    {
        if (!Random.Chance(Faults.SlowChance)) return Random.NextTimeSpan(Faults.Way);
        network.Log.Count("network.slow", $"{from.Name} to {peer.Node}");
        return Random.NextTimeSpan(SlowMax);
    }
}
