using Agent.Bench.All;
using Agent.Bench.Chaos;
using Agent.Bench.Cluster;
using Agent.Bench.Endure;
using Agent.Bench.Entry;
using Agent.Bench.Ingest;
using Agent.Bench.Ixfr;
using Agent.Bench.Journal;
using Agent.Bench.Kernel;
using Agent.Bench.Latency;
using Agent.Bench.Measure;
using Agent.Bench.Memory;
using Agent.Bench.Micro;
using Agent.Bench.Provision;
using Agent.Bench.Relay;
using Agent.Bench.Rolling;
using Agent.Bench.Runtime;
using Agent.Bench.Scale;
using Agent.Bench.Simulate;
using Agent.Bench.Start;
using Agent.Bench.Storm;

namespace Agent.Bench;

/// <summary>A program of this project.</summary>
/// <param name="Summary">One line for the list of programs.</param>
public sealed record BenchProgram(string Summary, Func<BenchOptions, Task<BenchReport>> RunAsync);

/// <summary>Every program by the word that starts it.</summary>
public static class BenchCatalog
{
    public static IReadOnlyDictionary<string, BenchProgram> Programs { get; } =
        new SortedDictionary<string, BenchProgram>(StringComparer.Ordinal)
    {
        ["relay"] = new("queries passed through, beside dnsdist and the server asked directly", RelayBench.RunAsync),
        ["entry"] = new("a large zone on its ways into BIND: driver, transfer", EntryBench.RunAsync),
        ["ingest"] = new("a large zone until it is committed and served, beside BIND, Knot and NSD", IngestBench.RunAsync),
        ["chaos"] = new("a farm of real programs under faults from seeds (--rounds, --seed, --minutes, --record)", ChaosBench.RunAsync),
        ["ixfr"] = new("changes of a large zone by IXFR, beside BIND and Knot; the zone handed out", IxfrBench.RunAsync),
        ["cluster"] = new("several agents as one: takeover, changes by nodes, load on etcd and journal", ClusterBench.RunAsync),
        ["all"] = new("the scenarios below in small, one after the other: history and docs/performance.md (--only)", AllBench.RunAsync),
        ["journal"] = new("entries of the journal on SQLite and PostgreSQL, beside a transaction for each", JournalBench.RunAsync),
        ["kernel"] = new("messages between actors, actors created, memory of an idle actor, beside Akka.NET", KernelBench.RunAsync),
        ["latency"] = new("NOTIFY to served, beside BIND as its own secondary", LatencyBench.RunAsync),
        ["memory"] = new("memory of an idle zone, beside Knot, NSD and BIND", MemoryBench.RunAsync),
        ["micro"] = new("nanoseconds and allocated octets of reader, writer, names, image, TSIG, mailbox (--filter)", MicroBench.RunAsync),
        ["rolling"] = new("all nodes of a cluster restart in turn under load: failed requests, pause of each zone", RollingBench.RunAsync),
        ["simulate"] = new("whole clusters in virtual time under all faults (--seeds, --hours, --from)", SimulateBench.RunAsync),
        ["runtime"] = new("settings of garbage collector and compiler, in turns: small zones, a large zone", RuntimeBench.RunAsync),
        ["scale"] = new("how each cost grows with zones and with records (--zones, --records, --parts)", ScaleBench.RunAsync),
        ["start"] = new("start of the process to ready, with many zones, beside Knot, NSD and BIND (--zones)", StartBench.RunAsync),
        ["storm"] = new("many NOTIFYs at once, and many zones through their whole life", StormBench.RunAsync),
        ["provision"] = new("many zones through each driver, beside the servers' own tools (--driver)", ProvisionBench.RunAsync),
        ["endure"] = new("many changes through one driver: memory, descriptors and threads stay flat", EnduranceBench.RunAsync),
    };
}
