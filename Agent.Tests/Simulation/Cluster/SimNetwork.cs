using System.Globalization;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// The network between the nodes: ways that are cut in one direction or both, and links over them that are slow, break and come again.
/// Messages go by reference, as they never change.
/// </summary>
internal sealed class SimNetwork
{
    private readonly SortedDictionary<string, SimTransport> _ends = new(StringComparer.Ordinal);
    private readonly SortedDictionary<(string From, string To), int> _cuts = [];
    private readonly SortedDictionary<(string From, string To), int> _slow = [];
    private readonly KernelRandom _random;
    private readonly SimChaos _chaos;

    public SimNetwork(SimScheduler sim, FaultLog log, NetworkFaults? faults = null)
    {
        Sim = sim;
        Log = log;
        Faults = faults ?? NetworkFaults.None;
        _random = sim.Faults.Fork();
        _chaos = new SimChaos(sim, _random.Fork());
        _chaos.Every(Faults.OneWayCutEvery, CutOneWay);
        _chaos.Every(Faults.PartitionEvery, Partition);
        _chaos.Every(Faults.SlowLinkEvery, SlowSomeLink);
    }

    public SimScheduler Sim { get; }

    public FaultLog Log { get; }

    public NetworkFaults Faults { get; private set; }

    /// <summary>How long a link may be without a sign of life from its peer.</summary>
    public TimeSpan LinkTimeout { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>Most messages of one link on their way; more are dropped.</summary>
    public int QueueMax { get; set; } = 1000;

    /// <summary>A node's adapter, for its present life.</summary>
    public SimTransport Attach(SimNode node, Guid instance)
    {
        SimTransport end = new(this, node, instance, _random.Fork());
        _ends[node.Name] = end;
        return end;
    }

    public void Cut(string from, string to)
    {
        Log.Count("network.cut", $"{from} to {to}");
        Change(_cuts, (from, to), 1);
    }

    public void Mend(string from, string to) => Change(_cuts, (from, to), -1);

    public void CutBoth(string one, string other)
    {
        Cut(one, other);
        Cut(other, one);
    }

    public void MendBoth(string one, string other)
    {
        Mend(one, other);
        Mend(other, one);
    }

    public bool IsCut(string from, string to) => _cuts.ContainsKey((from, to));

    /// <summary>Each message of the link takes a while, until it is undone.</summary>
    public void Slow(string from, string to, bool isSlow)
    {
        if (isSlow) Log.Count("network.slow-link", $"{from} to {to}");
        Change(_slow, (from, to), isSlow ? 1 : -1);
    }

    public void Heal()
    {
        _chaos.End();
        Faults = NetworkFaults.None;
        _cuts.Clear();
        _slow.Clear();
    }

    /// <summary>The present adapter of a node; null when the node is down or has another instance.</summary>
    internal SimTransport? Find(string node, Guid instance) =>
        _ends.TryGetValue(node, out SimTransport? end) && end.IsUp && end.Instance == instance ? end : null;

    /// <summary>A connection needs both directions.</summary>
    internal bool CanTalk(string one, string other) => !IsCut(one, other) && !IsCut(other, one);

    internal bool IsSlow(string from, string to) => _slow.ContainsKey((from, to));

    /// <summary>A node that died has closed its connections, for those that it can tell.</summary>
    internal void Died(SimTransport dead)
    {
        foreach (SimTransport end in _ends.Values) end.PeerDied(dead);
    }

    private static void Change(SortedDictionary<(string From, string To), int> table, (string From, string To) way, int by)
    {
        int count = table.GetValueOrDefault(way) + by;
        if (count > 0) table[way] = count;
        else table.Remove(way);
    }

    private void CutOneWay()
    {
        if (!TryDrawPair(out string from, out string to)) return;
        Cut(from, to);
        Sim.Schedule(Duration(), () => Mend(from, to));
    }

    private void Partition()
    {
        if (!TryDrawPair(out string alone, out _)) return;
        TimeSpan duration = Duration();
        foreach (string other in _ends.Keys.Where(n => n != alone))
        {
            if (_random.Chance(0.3)) continue;
            CutBoth(alone, other);
            Sim.Schedule(duration, () => MendBoth(alone, other));
        }
    }

    private void SlowSomeLink()
    {
        if (!TryDrawPair(out string from, out string to)) return;
        Slow(from, to, isSlow: true);
        Sim.Schedule(Duration(), () => Slow(from, to, isSlow: false));
    }

    private bool TryDrawPair(out string from, out string to)
    {
        from = to = string.Empty;
        if (_ends.Count < 2) return false;
        int first = _random.Next(_ends.Count);
        int second = (first + 1 + _random.Next(_ends.Count - 1)) % _ends.Count;
        from = _ends.Keys.ElementAt(first);
        to = _ends.Keys.ElementAt(second);
        return true;
    }

    private TimeSpan Duration() => _random.NextTimeSpan(Faults.CutMax);

    /// <summary>The instance of a node's life, for tests that need no other.</summary>
    public static Guid InstanceOf(SimNode node) =>
        Guid.Parse(string.Create(CultureInfo.InvariantCulture, $"00000000-0000-0000-{node.Id:x4}-{node.Lives:x12}"));
}
