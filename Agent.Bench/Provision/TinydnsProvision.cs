using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>
/// tinydns, by its own compiler <c>tinydns-data</c>: which makes data.cdb anew of all zones, whether called for each of them or once.
/// </summary>
public sealed class TinydnsProvision : ProvisionServer
{
    private readonly TinydnsServer _tinydns = new();
    private readonly Dictionary<string, string[]> _lines = new(StringComparer.Ordinal);
    private SmallZone? _content;

    public override string Driver => "tinydns";

    public override string SingleWay => "tinydns-data for each zone";

    public override string BulkWay => "tinydns-data once";

    public override string TargetSettings => _tinydns.TargetSettings;

    public override IPEndPoint EndPoint => _tinydns.EndPoint;

    public override string Output => _tinydns.Output;

    protected override ChildProcess Process => _tinydns.Process!;

    public override Task StartAsync() => _tinydns.StartAsync();

    public override Task PrepareAsync(IReadOnlyList<string> zones, SmallZone content)
    {
        _content = content;
        return Task.CompletedTask;
    }

    public override Task AddSingleAsync(string zone) => AddBulkAsync([zone]);

    public override Task AddBulkAsync(IReadOnlyList<string> zones)
    {
        foreach (string zone in zones) _lines[zone] = [.. Lines(zone.TrimEnd('.'), _content!)];
        return _tinydns.CompileAsync([.. _lines.Values.SelectMany(lines => lines)]);
    }

    public override Task ChangeSingleAsync(string zone) => AddSingleAsync(zone);

    public override Task ChangeBulkAsync(IReadOnlyList<string> zones) => AddBulkAsync(zones);

    public override Task<IReadOnlyList<string>> LeftAsync() => FilesIn(Path.Combine(_tinydns.Root, ".agent-zones"));

    public override Task StopAsync() => _tinydns.StopAsync();

    public override ValueTask DisposeAsync() => _tinydns.DisposeAsync();

    /// <summary>The same records as in the files of the other servers.</summary>
    private static IEnumerable<string> Lines(string zone, SmallZone content) =>
    [
        $"Z{zone}:{content.SoaOf(zone).Replace(' ', ':')}:3600",
        $"&{zone}:127.0.0.1:ns1.{zone}:3600",
        .. content.HostAddresses.Select(host => $"+{host.Name}.{zone}:{host.Address}:300"),
    ];
}
