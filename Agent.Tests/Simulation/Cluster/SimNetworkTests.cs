using Agent.Actors.Cluster;
using Agent.Actors.Kernel.Simulation;
using Agent.Tests.TestKit;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>The model of the network: order within a link's life, cuts in one direction, runs that are other runs.</summary>
public sealed class SimNetworkTests
{
    private readonly SimScheduler _sim = new(1);
    private readonly FaultLog _log;

    public SimNetworkTests()
    {
        _log = new FaultLog(_sim);
    }

    [Fact]
    public void Linked_nodes_hear_each_other_in_order()
    {
        SimNetwork network = new(_sim, _log, new NetworkFaults { Way = TimeSpan.FromMilliseconds(100) });
        End one = new(network, _sim.CreateNode("n1"));
        End two = new(network, _sim.CreateNode("n2"));
        one.Transport.Send("n2", 0);
        one.Link(two);
        _sim.RunFor(TimeSpan.FromSeconds(3));
        Assert.Equal(new LinkChanged("n2", two.Instance, IsUp: true, "connected"), Assert.Single(one.Box.TakeAll()));
        for (int i = 1; i <= 50; i++) one.Transport.Send("n2", i);
        _sim.RunFor(TimeSpan.FromMilliseconds(200));
        Assert.Equal(
            Enumerable.Range(1, 50).Select(i => new FromNode("n1", one.Instance, i)), two.Box.TakeAll().Cast<FromNode>());
        Assert.Equal(1, _log.Counts["network.no-link"]);
    }

    [Fact]
    public void What_is_sent_into_a_cut_arrives_late_or_is_lost_with_the_link()
    {
        SimNetwork network = new(_sim, _log);
        (End one, End two) = Pair(network);
        network.Cut("n1", "n2");
        one.Transport.Send("n2", 1);
        two.Transport.Send("n1", 2);
        _sim.RunFor(TimeSpan.FromSeconds(3));
        Assert.Empty(two.Box.TakeAll());
        Assert.Equal(2, Assert.IsType<FromNode>(Assert.Single(one.Box.TakeAll())).Message);
        network.Mend("n1", "n2");
        _sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(1, Assert.IsType<FromNode>(Assert.Single(two.Box.TakeAll())).Message);
        network.Cut("n1", "n2");
        one.Transport.Send("n2", 3);
        _sim.RunFor(TimeSpan.FromSeconds(20));
        Assert.False(Assert.IsType<LinkChanged>(Assert.Single(one.Box.TakeAll())).IsUp);
        Assert.False(Assert.IsType<LinkChanged>(Assert.Single(two.Box.TakeAll())).IsUp);
        network.Mend("n1", "n2");
        _sim.RunFor(TimeSpan.FromSeconds(5));
        Assert.True(Assert.IsType<LinkChanged>(Assert.Single(one.Box.TakeAll())).IsUp);
        Assert.True(Assert.IsType<LinkChanged>(Assert.Single(two.Box.TakeAll())).IsUp);
    }

    [Fact]
    public void A_message_for_a_run_that_is_over_is_lost()
    {
        SimNetwork network = new(_sim, _log, new NetworkFaults { Way = TimeSpan.FromMilliseconds(50) });
        (End one, End two) = Pair(network);
        one.Transport.Send("n2", 1);
        two.Node.Crash();
        two.Node.Restart();
        End again = new(network, two.Node);
        Assert.NotEqual(two.Instance, again.Instance);
        _sim.RunFor(TimeSpan.FromSeconds(30));
        Assert.False(Assert.IsType<LinkChanged>(Assert.Single(one.Box.TakeAll())).IsUp);
        Assert.Empty(two.Box.TakeAll());
        Assert.Empty(again.Box.TakeAll());
        one.Link(again);
        _sim.RunFor(TimeSpan.FromSeconds(3));
        one.Transport.Send("n2", 2);
        _sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(2, Assert.IsType<FromNode>(Assert.Single(again.Box.TakeAll())).Message);
    }

    [Fact]
    public void A_slow_link_fills_its_queue_and_drops_the_rest()
    {
        SimNetwork network = new(_sim, _log) { QueueMax = 10 };
        (End one, End two) = Pair(network);
        network.Slow("n1", "n2", isSlow: true);
        for (int i = 0; i < 30; i++) one.Transport.Send("n2", i);
        _sim.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal(Enumerable.Range(0, 10), two.Box.TakeAll().Cast<FromNode>().Select(m => (int)m.Message));
        Assert.Equal(20, _log.Counts["network.queue-full"]);
    }

    [Fact]
    public void A_node_that_stands_still_too_long_loses_its_links_and_gets_them_back()
    {
        SimNetwork network = new(_sim, _log);
        (End one, End two) = Pair(network);
        two.Node.Pause(TimeSpan.FromSeconds(30));
        one.Transport.Send("n2", 1);
        _sim.RunFor(TimeSpan.FromSeconds(29));
        Assert.False(Assert.IsType<LinkChanged>(Assert.Single(one.Box.TakeAll())).IsUp);
        Assert.Empty(two.Box.TakeAll());
        _sim.RunFor(TimeSpan.FromSeconds(10));
        object[] heard = [.. two.Box.TakeAll()];
        Assert.Equal(1, Assert.IsType<FromNode>(heard[0]).Message);
        Assert.Equal([false, true], heard.Skip(1).Cast<LinkChanged>().Select(l => l.IsUp));
        Assert.True(Assert.IsType<LinkChanged>(Assert.Single(one.Box.TakeAll())).IsUp);
    }

    /// <summary>Under all faults: never doubled, in order within one life of the link; and each kind of loss and delay happens.</summary>
    [Fact]
    public void No_message_is_doubled_or_overtaken_within_the_life_of_a_link()
    {
        SortedDictionary<string, long> counts = new(StringComparer.Ordinal);
        SimSeeds.ForEach(150, seed => Traffic(seed, counts));
        string[] kinds =
        [
            "network.cut", "network.late", "network.link-broken", "network.lost", "network.lost-at-break", "network.no-link",
            "network.other-instance", "network.queue-full", "network.slow", "network.slow-link",
        ];
        Assert.Equal(kinds, counts.Keys);
    }

    private static ulong Traffic(ulong seed, SortedDictionary<string, long> counts)
    {
        SimScheduler sim = new(seed);
        FaultLog log = new(sim);
        NetworkFaults faults = NetworkFaults.Swarm(sim.Faults.Fork());
        SimNetwork network = new(sim, log, faults) { QueueMax = 8 };
        End[] ends = [.. Enumerable.Range(1, 3).Select(i => new End(network, sim.CreateNode($"n{i}")))];
        foreach (End end in ends) end.Link(ends);
        int number = 0;
        HashSet<(string, int)> heard = [];
        for (int round = 0; round < 120; round++)
        {
            End from = ends[round % 3];
            for (int i = 0; i < 20; i++) from.Transport.Send($"n{1 + ((round + 1 + (i % 2)) % 3)}", (++number, from.Lives));
            sim.RunFor(TimeSpan.FromSeconds(1));
            if (round == 60)
            {
                // The first of them is another run from now on, and the others learn of it later.
                ends[0].Node.Crash();
                ends[0].Node.Restart();
                ends[0] = new End(network, ends[0].Node);
                ends[0].Link(ends);
            }

            if (round == 70) Array.ForEach(ends, end => end.Link(ends));
            foreach (End end in ends) end.CheckOrder(heard);
        }

        foreach ((string kind, long count) in log.Counts) counts[kind] = counts.GetValueOrDefault(kind) + count;
        return sim.Unseed;
    }

    private (End One, End Two) Pair(SimNetwork network)
    {
        End one = new(network, _sim.CreateNode("n1"));
        End two = new(network, _sim.CreateNode("n2"));
        one.Link(two);
        two.Link(one);
        _sim.RunFor(TimeSpan.FromSeconds(3));
        one.Box.TakeAll();
        two.Box.TakeAll();
        return (one, two);
    }

    private sealed class End
    {
        private readonly Dictionary<string, int> _last = [];

        public End(SimNetwork network, SimNode node)
        {
            Node = node;
            Box = new ReplyBox(network.Sim);
            Instance = SimNetwork.InstanceOf(node);
            Transport = network.Attach(node, Instance);
            Transport.Receive(Box);
        }

        public SimNode Node { get; }

        public ReplyBox Box { get; }

        public Guid Instance { get; }

        public SimTransport Transport { get; }

        /// <summary>How often its links were made anew; told along with each message.</summary>
        public int Lives { get; private set; }

        public void Link(params End[] others) =>
            Transport.Connect([.. others.Select(o => new NodePeer(o.Node.Name, o.Instance, string.Empty))]);

        public void CheckOrder(HashSet<(string, int)> heard)
        {
            foreach (object message in Box.TakeAll())
            {
                if (message is LinkChanged { IsUp: true }) Lives++;
                if (message is not FromNode { Message: (int number, int life) } from) continue;
                Assert.True(heard.Add((Node.Name, number)), $"{number} came twice");
                string sender = $"{from.Node} {from.Instance} {life}";
                Assert.True(_last.GetValueOrDefault(sender) < number, $"{number} of {sender} was overtaken");
                _last[sender] = number;
            }
        }
    }
}
