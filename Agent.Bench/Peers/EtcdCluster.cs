using System.Text.Json;

namespace Agent.Bench.Peers;

/// <summary>Three members of etcd, any of which can be killed, stopped and started again.</summary>
public sealed class EtcdCluster : IAsyncDisposable
{
    private readonly EtcdServer[] _members;

    private EtcdCluster(EtcdTlsFiles? tls, IReadOnlyList<string> arguments, IReadOnlyList<Placement> places) =>
        _members =
        [
            .. places.Select((place, i) => new EtcdServer($"m{i + 1}") { Tls = tls, Arguments = arguments, Place = place }),
        ];

    public IReadOnlyList<EtcdServer> Members => _members;

    public IReadOnlyList<string> Addresses => [.. _members.Select(member => member.Address)];

    public string Output => string.Join('\n', _members.Select(member => $"--- {member.Name}\n{member.Output}"));

    private string InitialCluster => string.Join(',', _members.Select(member => member.InitialCluster));

    public static Task<EtcdCluster> StartedAsync(params string[] arguments) => StartedAsync(null, arguments);

    /// <summary>With files, clients must show certificates; the members talk to each other as before.</summary>
    public static Task<EtcdCluster> StartedAsync(EtcdTlsFiles? tls, params string[] arguments) =>
        StartedAsync([Placement.Loopback, Placement.Loopback, Placement.Loopback], tls, arguments);

    /// <summary>A member in each of these places.</summary>
    public static async Task<EtcdCluster> StartedAsync(
        IReadOnlyList<Placement> places, EtcdTlsFiles? tls = null, params string[] arguments)
    {
        EtcdCluster cluster = new(tls, arguments, places);
        try
        {
            await Task.WhenAll(cluster._members.Select(member => member.LaunchAsync(cluster.InitialCluster)));
            await Task.WhenAll(cluster._members.Select(member => member.WaitAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a member again with the data that it left, and waits until it takes part.</summary>
    public async Task RestartAsync(EtcdServer member)
    {
        await member.LaunchAsync(InitialCluster);
        await member.WaitAsync();
    }

    public EtcdServer MemberAt(Uri address) => _members.Single(member => new Uri(member.Address) == address);

    /// <summary>The member that leads, by its own word; members that do not run or do not answer are not asked.</summary>
    public async Task<EtcdServer> LeaderAsync()
    {
        EtcdServer? leader = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                foreach (EtcdServer member in _members.Where(member => member.IsRunning))
                {
                    ToolResult status = await member.CtlAsync("--command-timeout=2s", "endpoint", "status", "-w", "json");
                    if (status.ExitCode == 0 && IsLeader(status.Output)) leader = member;
                }

                return leader is not null;
            },
            () => $"the cluster has a leader\n{Output}");
        return leader!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (EtcdServer member in _members) await member.DisposeAsync();
    }

    private static bool IsLeader(string status)
    {
        using JsonDocument document = JsonDocument.Parse(status);
        JsonElement answer = document.RootElement[0].GetProperty("Status");
        return answer.GetProperty("leader").GetUInt64() == answer.GetProperty("header").GetProperty("member_id").GetUInt64();
    }
}
