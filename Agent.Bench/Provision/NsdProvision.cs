using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>NSD. In bulk: <c>addzones</c> with 500 lines a call; 5 000 lines in one call have been seen to hang it.</summary>
public class NsdProvision : ProvisionServer
{
    private const int ZonesPerCall = 500;

    private readonly NsdServer _nsd = new();

    public override string Driver => "nsd";

    public override string SingleWay => "nsd-control";

    public override string BulkWay => "nsd-control addzones, reload";

    public override string BulkAim => "at least 0.8";

    public override string TargetSettings => $"""
        driver = nsd, server = "{EndPoint}", control = "unix:{_nsd.ControlPath}"
        pattern = {NsdServer.TargetPattern}, zone-directory = "{_nsd.ZoneFolder}"
        """;

    protected NsdServer Server => _nsd;

    public override IPEndPoint EndPoint => _nsd.EndPoint;

    public override string Output => _nsd.Output;

    protected override ChildProcess Process => _nsd.Process!;

    public override Task StartAsync() => _nsd.StartAsync();

    public override Task PrepareAsync(IReadOnlyList<string> zones, SmallZone content)
    {
        WriteFiles(zones, content, zone => Path.Combine(_nsd.ZoneFolder, zone + "zone"));
        return Task.CompletedTask;
    }

    public override async Task AddSingleAsync(string zone) =>
        (await _nsd.ControlAsync("addzone", zone.TrimEnd('.'), NsdServer.TargetPattern)).EnsureSuccess();

    public override async Task AddBulkAsync(IReadOnlyList<string> zones)
    {
        foreach (string[] call in zones.Chunk(ZonesPerCall))
        {
            string lines = string.Concat(call.Select(zone => $"{zone.TrimEnd('.')} {NsdServer.TargetPattern}\n"));
            (await _nsd.ControlWithInputAsync(lines, "addzones")).EnsureSuccess();
        }
    }

    public override async Task ChangeSingleAsync(string zone) => (await _nsd.ControlAsync("reload", zone.TrimEnd('.'))).EnsureSuccess();

    // Of all zones it reads those whose file is newer.
    public override async Task ChangeBulkAsync(IReadOnlyList<string> zones) => (await _nsd.ControlAsync("reload")).EnsureSuccess();

    public override Task<IReadOnlyList<string>> LeftAsync() => FilesIn(_nsd.ZoneFolder);

    public override Task StopAsync() => _nsd.StopAsync();

    public override async ValueTask DisposeAsync()
    {
        await _nsd.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
