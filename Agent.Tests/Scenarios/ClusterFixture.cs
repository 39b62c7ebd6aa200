using System.Collections.Concurrent;
using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>
/// Three agents as one cluster, each answering by itself, in front of one BIND that all of them reach; one master that has every zone it is
/// told to. One cluster for all tests of a class: each leaves it as it found it.
/// </summary>
public class ClusterFixture : IAsyncLifetime
{
    private readonly ScriptedZones _zones = new();

    /// <summary>What is wanted of every zone that a test has touched: present or not.</summary>
    private readonly ConcurrentDictionary<string, bool> _wanted = new(StringComparer.Ordinal);

    public AgentCluster Cluster { get; private set; } = null!;

    public BindServer Bind { get; } = new();

    public ScriptedMaster Master { get; private set; } = null!;

    public IReadOnlyList<AgentProcess> Agents => Cluster.Agents;

    /// <summary>Lines of HOCON for every node: one server beside it, and the BIND of all.</summary>
    public string NodeSettings => $$"""
        masters = ["{{Master.EndPoint}}"]
        undelete-window = 0s
        answer-deadline = 15s
        allow-transfer = ["127.0.0.1"]
        targets {
          self { driver = embedded, scope = node }
          bind {
            scope = farm
            {{Bind.TargetSettings}}
          }
        }
        """;

    protected virtual AgentClusterOptions Options => new() { Settings = _ => NodeSettings };

    public async Task InitializeAsync()
    {
        Master = new ScriptedMaster(_zones.Answer);
        await Bind.StartAsync();
        Cluster = await AgentCluster.StartedAsync(Options);
    }

    public virtual async Task DisposeAsync()
    {
        if (Cluster is { } cluster) await cluster.DisposeAsync();
        await Bind.DisposeAsync();
        await Master.DisposeAsync();
    }

    /// <summary>Zones of these names at the master, with serial 1.</summary>
    public string[] AtMaster(string prefix, int count)
    {
        string[] names = [.. Enumerable.Range(0, count).Select(i => $"{prefix}{i.ToString(CultureInfo.InvariantCulture)}.example.")];
        foreach (string name in names) _zones.Set(new ScriptedZone(name, 1));
        return names;
    }

    /// <summary>A zone with so many records at the master that no journal takes it along in one piece, also compressed.</summary>
    public string LargeAtMaster(string name, int records)
    {
        _zones.Set(new ScriptedZone(name, 1, records) { NoiseRecords = 1000 });
        return name;
    }

    /// <summary>A zone at the master with so many address records.</summary>
    public string HostsAtMaster(string name, int hosts)
    {
        _zones.Set(new ScriptedZone(name, 1, hosts));
        return name;
    }

    /// <summary>The next serial at the master, without any of the zone's address records.</summary>
    public void Shrink(string zone)
    {
        _zones[zone].Hosts = 0;
        Bump(zone);
    }

    /// <summary>How often the master was asked for the whole zone, by any node.</summary>
    public int TransfersOf(string zone) => Master.Queries.Count(query =>
        query.Type is DnsTestMessage.TypeAxfr or DnsTestMessage.TypeIxfr
        && query.Name.AsSpan().SequenceEqual(DnsTestMessage.EncodeName(zone)));

    /// <summary>The master is gone; with <see cref="MasterReturns"/> another one stands at its address, with the same zones.</summary>
    public async Task MasterLeavesAsync() => await Master.DisposeAsync();

    public void MasterReturns() => Master = new ScriptedMaster(_zones.Answer, port: Master.EndPoint.Port);

    /// <summary>The next serial at the master; nobody is told.</summary>
    public uint Bump(string zone) => ++_zones[zone].Serial;

    public uint SerialOf(string zone) => _zones[zone].Serial;

    public async Task CreateAsync(AgentProcess agent, string zone)
    {
        EnsureAccepted(await agent.WorkerByTcp.CreateAsync(zone), zone);
        _wanted[zone] = true;
    }

    /// <summary>A CREATE whose failure is no surprise; only one that was answered with success is held to its word.</summary>
    public async Task<bool> TryCreateAsync(AgentProcess agent, string zone)
    {
        if ((await agent.WorkerByTcp.CreateAsync(zone)).ResponseCode != 0) return false;
        _wanted[zone] = true;
        return true;
    }

    public async Task DeleteAsync(AgentProcess agent, string zone)
    {
        EnsureAccepted(await agent.WorkerByTcp.DeleteAsync(zone), zone);
        _wanted[zone] = false;
    }

    /// <summary>A NOTIFY that is repeated until it is answered with success, as a worker repeats it.</summary>
    public async Task NotifyAsync(AgentProcess agent, string zone) => await Eventually.HoldsAsync(
        async () => (await agent.WorkerByTcp.NotifyAsync(zone)).ResponseCode == 0, () => $"{zone}'s NOTIFY is taken\n{Cluster.Output}");

    /// <summary>Every zone that was answered for is served by every server with the master's serial, and no deleted one by any.</summary>
    public async Task EverythingIsAsPromisedAsync()
    {
        foreach ((string zone, bool present) in _wanted)
        {
            uint wanted = present ? SerialOf(zone) : 0;
            foreach (AgentProcess agent in Cluster.Running)
                await ServedAsync(agent.Dns, zone, wanted);
            await ServedAsync(Bind.EndPoint, zone, wanted);
        }
    }

    /// <summary>Runs a command that asks one of the agents.</summary>
    public Task<ToolResult> CommandAsync(int agent, params string[] arguments) => Agents[agent].CommandAsync(
        [
            .. arguments, "--api", $"http://{Agents[agent].Management}",
            "--token-file", Path.Combine(Agents[agent].DataFolder, "api-token"),
        ]);

    /// <summary>The agent that works on the BIND of all.</summary>
    public async Task<AgentProcess> HolderOfBindAsync()
    {
        AgentProcess? holder = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                System.Text.Json.JsonElement targets = (await Agents[0].GetAsync("/api/v1/targets"))!.Value.GetProperty("targets");
                string? node = targets.EnumerateArray().First(target => target.GetProperty("name").GetString() == "bind")
                    .GetProperty("node").GetString();
                holder = Cluster.Running.FirstOrDefault(
                    agent => node == AgentCluster.NameOf(Agents.ToList().IndexOf(agent)));
                return holder is not null;
            },
            () => $"bind has a holder\n{Cluster.Output}");
        return holder!;
    }

    private void EnsureAccepted(DnsReply reply, string zone)
    {
        if (!reply.IsResponse || !reply.IsAuthoritative || reply.ResponseCode != 0)
            throw new InvalidOperationException($"{zone}: the worker would count this as a failure: {reply}\n{Cluster.Output}");
    }

    private Task ServedAsync(System.Net.IPEndPoint server, string zone, uint serial) => Eventually.HoldsAsync(
        async () => await WorkerClient.PollSerialAsync(server, zone) == serial,
        () => $"{zone} with serial {serial} at {server}\n{Cluster.Output}",
        TimeSpan.FromSeconds(60));
}
