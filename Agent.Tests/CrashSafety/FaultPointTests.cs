using Agent.Bench.Peers;

namespace Agent.Tests.CrashSafety;

/// <summary>
/// The agent ends by SIGKILL between each two steps of its work, at every point that docs/crash-safety.md lists for the driver. Which
/// points an operation passes is not written down here but traced first, and must be what the page says.
/// </summary>
/// <remarks>
/// Steps before the target is told are the same for all drivers: with one of them they end each operation, with two each ends one
/// operation, another with each driver, and with the others they end none. AGENT_FAULT_POINTS=all lets every step end every operation
/// with every driver.
/// </remarks>
public abstract class FaultPointTests
{
    private const int PassingsMax = 2;

    // Later ones are progress and history, one like the other.
    private const int CommitsMax = 3;

    private static readonly string[] Operations = ["create", "update", "delete"];
    private static readonly string[] SharedRooms = ["pass", "transfer", "spool", "content", "journal"];
    private static readonly bool IsAllWanted = Environment.GetEnvironmentVariable("AGENT_FAULT_POINTS") == "all";

    private readonly string _driver;
    private readonly string[] _sharedOrder;
    private readonly bool _isStoreTried;
    private readonly bool _areOwnStepsAlone;
    private readonly bool _areTargetStepsTried = true;

    /// <param name="driver">As in the configuration and on the page.</param>
    /// <param name="sharedOrder">A step that all drivers share ends the first of these operations that has it; none: it ends each.</param>
    private protected FaultPointTests(string driver, params string[] sharedOrder)
    {
        _driver = driver;
        _sharedOrder = IsAllWanted ? [] : sharedOrder;
        _isStoreTried = _sharedOrder.Length == 0;
    }

    /// <summary>With other drivers the shared steps are tried; here only what the driver and its target's actor do.</summary>
    private protected FaultPointTests(string driver, SharedSteps shared) : this(driver, Operations)
    {
        _areOwnStepsAlone = !IsAllWanted;
        _areTargetStepsTried = IsAllWanted || shared != SharedSteps.AndThoseOfTargetsTriedElsewhere;
    }

    private protected enum SharedSteps
    {
        TriedElsewhere,
        AndThoseOfTargetsTriedElsewhere,
    }

    [Fact]
    public async Task Any_step_may_be_the_last()
    {
        ScriptedZone[] zones = CrashFarm.ZonesOfEachSize("fault.example.");
        await using CrashFarm farm = await CrashFarm.StartAsync(_driver, zones);
        FaultPointFile points = new(farm.Agent);
        var passed = Operations.ToDictionary(operation => operation, _ => new HashSet<string>(StringComparer.Ordinal));

        Assert.Equal(FaultPointTable.Of(_driver, "start"), await EndAtStartAsync(farm, points));
        foreach (ScriptedZone zone in zones)
        {
            Dictionary<string, string[]> traces = [];
            foreach (string operation in Operations)
            {
                points.Trace();
                await DoAsync(farm, operation, zone.Name);
                traces[operation] = points.Passed();
            }

            var cases = Operations.ToDictionary(operation => operation, operation => Cases(operation, traces, passed[operation]));
            foreach (string operation in Operations)
                passed[operation].UnionWith(traces[operation]);
            for (int round = 0; round < cases.Values.Max(list => list.Count); round++)
            {
                foreach (string operation in Operations)
                {
                    if (round < cases[operation].Count)
                        await EndAtAsync(farm, points, operation, zone.Name, cases[operation][round]);
                    else
                        await DoAsync(farm, operation, zone.Name);
                }
            }
        }

        foreach (string operation in Operations)
            Assert.Equal(FaultPointTable.Of(_driver, operation), passed[operation].Order(StringComparer.Ordinal));
    }

    private static async Task DoAsync(CrashFarm farm, string operation, string zone)
    {
        Assert.True(await AskAsync(farm, operation, zone), farm.Agent.Output);
        await farm.SettlesAsync(zone);
    }

    /// <summary>An agent that never ran before ends while it makes its folder, and the one that comes next starts as if nothing had
    /// been. The result are the points.</summary>
    private async Task<IEnumerable<string>> EndAtStartAsync(CrashFarm farm, FaultPointFile points)
    {
        points.Trace();
        await farm.Agent.StartAsync();
        // Beside the store the first probe of the server runs, sooner or later.
        string[] trace = [.. points.Passed().Where(point => point.Split('.')[0] is "journal" or "content").Distinct()];
        foreach (string point in _areOwnStepsAlone ? [] : trace)
        {
            await farm.Agent.KillAsync();
            Directory.Delete(farm.Agent.DataFolder, recursive: true);
            points.Arm(point, 1);
            await using (ChildProcess process = await farm.Agent.LaunchAsync())
                Assert.Equal(128 + (int)PosixSignalNumber.Kill, await process.Exited.WaitAsync(Eventually.Deadline));
            points.Disarm();
            await farm.Agent.StartAsync();
            await farm.PromisesHoldAsync($"after {point} of the first start");
        }

        return trace.Order(StringComparer.Ordinal);
    }

    /// <summary>
    /// Asks, lets the agent end at the point, starts it again, and compares all that is there with what was answered; then the request
    /// is repeated and must succeed.
    /// </summary>
    private static async Task EndAtAsync(
        CrashFarm farm, FaultPointFile points, string operation, string zone, (string Point, int Count) at)
    {
        string describe = $"after {at.Point} {at.Count} of {operation} {zone}";
        points.Arm(at.Point, at.Count);
        Task<int> exited = farm.Agent.Process!.Exited;
        bool isAnswered = await AskAsync(farm, operation, zone);
        if (!isAnswered || await EndsBeforeItSettlesAsync(farm, zone))
            await exited.WaitAsync(Eventually.Deadline);
        // Journal writes may share one commit, so that a later passing does not come; the end comes then at no particular point.
        Assert.True(at.Count > 1 || exited.IsCompleted, $"not reached: {describe}\n{farm.Agent.Output}");
        await farm.Agent.KillAsync();
        points.Disarm();
        await farm.Agent.StartAsync();
        await farm.PromisesHoldAsync(describe);
        Assert.True(await RepeatAsync(farm, operation, zone), $"{describe}\n{farm.Agent.Output}");
        await farm.PromisesHoldAsync($"repeated {describe}");
    }

    private static async Task<bool> EndsBeforeItSettlesAsync(CrashFarm farm, string zone)
    {
        try
        {
            await farm.SettlesAsync(zone);
            return false;
        }
        catch (HttpRequestException)
        {
            return true;
        }
    }

    private static Task<bool> AskAsync(CrashFarm farm, string operation, string zone) => operation switch
    {
        "create" => farm.CreateAsync(zone),
        "update" => farm.ChangeAsync(zone),
        _ => farm.DeleteAsync(zone),
    };

    private static Task<bool> RepeatAsync(CrashFarm farm, string operation, string zone) =>
        operation == "update" ? farm.NotifyAsync(zone) : AskAsync(farm, operation, zone);

    /// <summary>
    /// The passings of points that no smaller zone passed. Where the store is tried, also later commits, and all commits again with a zone
    /// that has files of its own.
    /// </summary>
    private List<(string Point, int Count)> Cases(string operation, Dictionary<string, string[]> traces, HashSet<string> passed)
    {
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        List<(string, int)> cases = [];
        bool hasFiles = traces["update"].Contains("content.removed", StringComparer.Ordinal);
        foreach (string point in traces[operation])
        {
            int count = counts[point] = counts.GetValueOrDefault(point) + 1;
            string room = point.Split('.')[0];
            bool isShared = SharedRooms.Contains(room, StringComparer.Ordinal);
            if (_areOwnStepsAlone && (isShared || room == "request")) continue;
            if (room == "target" && !_areTargetStepsTried) continue;
            bool isNew = !passed.Contains(point)
                && (!isShared || _isStoreTried || _sharedOrder.First(other => traces[other].Contains(point)) == operation);
            bool isCommitOfFiles = _isStoreTried && hasFiles && point == "journal.committed";
            bool isStore = point.StartsWith("journal.", StringComparison.Ordinal);
            if ((isNew || isCommitOfFiles) && count <= (!isStore ? PassingsMax : _isStoreTried ? CommitsMax : 1))
                cases.Add((point, count));
        }

        return cases;
    }
}

[Trait("Category", "Long")]
public sealed class EmbeddedFaultPointTests() : FaultPointTests("embedded");

[Trait("Category", "Long")]
public sealed class ZoneFilesFaultPointTests() : FaultPointTests("zone-files", "update", "delete", "create");

[Trait("Category", "Peer")]
public sealed class Bind9FaultPointTests() : FaultPointTests("bind9", "delete", "create", "update");

[Trait("Category", "Peer")]
public sealed class NsdFaultPointTests() : FaultPointTests("nsd", SharedSteps.TriedElsewhere);

[Trait("Category", "Peer")]
public sealed class KnotFaultPointTests() : FaultPointTests("knot", SharedSteps.TriedElsewhere);

[Trait("Category", "Peer")]
public sealed class GdnsdFaultPointTests() : FaultPointTests("gdnsd", SharedSteps.TriedElsewhere);

[Trait("Category", "Peer")]
public sealed class CatalogFaultPointTests() : FaultPointTests("catalog", SharedSteps.AndThoseOfTargetsTriedElsewhere);

[Trait("Category", "Peer")]
public sealed class TinydnsFaultPointTests() : FaultPointTests("tinydns", SharedSteps.TriedElsewhere);

[Trait("Category", "Peer")]
public sealed class PowerDnsApiFaultPointTests() : FaultPointTests("powerdns-api", SharedSteps.AndThoseOfTargetsTriedElsewhere);

[Trait("Category", "Peer")]
public sealed class ExecFaultPointTests() : FaultPointTests("exec", SharedSteps.AndThoseOfTargetsTriedElsewhere);

[Trait("Category", "Peer")]
public sealed class PowerDnsSqlFaultPointTests() : FaultPointTests("powerdns-sql", SharedSteps.AndThoseOfTargetsTriedElsewhere);
