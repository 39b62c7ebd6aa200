using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>Knot. One by one: four processes and a commit for each new zone. In bulk: one process, one transaction.</summary>
public sealed class KnotProvision : ProvisionServer
{
    private static readonly TimeSpan BulkPatience = TimeSpan.FromMinutes(3);

    private readonly KnotServer _knot = new() { HasDatabase = true };

    public override string Driver => "knot";

    public override string SingleWay => "knotc";

    public override string BulkWay => "knotc once";

    public override string BulkAim => "at least 1.5";

    public override string TargetSettings => _knot.TargetSettings;

    public override IPEndPoint EndPoint => _knot.EndPoint;

    public override string Output => _knot.Output;

    protected override ChildProcess Process => _knot.Process!;

    public override Task StartAsync() => _knot.StartAsync();

    public override Task PrepareAsync(IReadOnlyList<string> zones, SmallZone content)
    {
        WriteFiles(zones, content, FileOf);
        return Task.CompletedTask;
    }

    public override async Task AddSingleAsync(string zone)
    {
        (await _knot.KnotcAsync("conf-begin")).EnsureSuccess();
        (await _knot.KnotcAsync("conf-set", $"zone[{zone}]")).EnsureSuccess();
        (await _knot.KnotcAsync("conf-set", $"zone[{zone}].file", FileOf(zone))).EnsureSuccess();
        (await _knot.KnotcAsync("conf-commit")).EnsureSuccess();
    }

    public override async Task AddBulkAsync(IReadOnlyList<string> zones)
    {
        IEnumerable<string> changes = zones.SelectMany(
            zone => (string[])[$"conf-set zone[{zone}]", $"conf-set zone[{zone}].file {FileOf(zone)}"]);
        await _knot.KnotcAsync([.. changes.Prepend("conf-begin"), "conf-commit"], BulkPatience);
    }

    public override async Task ChangeSingleAsync(string zone) => (await _knot.KnotcAsync("zone-reload", zone)).EnsureSuccess();

    // Without waiting for each, so that knotd does them beside each other.
    public override async Task ChangeBulkAsync(IReadOnlyList<string> zones) =>
        (await Tool.RunAsync("knotc", ["-s", _knot.Control, "zone-reload", .. zones])).EnsureSuccess();

    public override Task<IReadOnlyList<string>> LeftAsync() => FilesIn(_knot.ZoneFolder);

    public override Task StopAsync() => _knot.StopAsync();

    public override ValueTask DisposeAsync() => _knot.DisposeAsync();

    private string FileOf(string zone) => Path.Combine(_knot.ZoneFolder, zone + "zone");
}
