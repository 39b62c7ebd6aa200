using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>gdnsd. One by one: a file and a reload for each zone. In bulk: all files, then one reload.</summary>
public sealed class GdnsdProvision : ProvisionServer
{
    private readonly GdnsdServer _gdnsd = new();
    private readonly TemporaryFolder _ready = new("gdnsd-files");

    public override string Driver => "gdnsd";

    public override string SingleWay => "file, gdnsdctl reload-zones";

    public override string BulkWay => "all files, one reload";

    public override string TargetSettings => _gdnsd.TargetSettings;

    public override IPEndPoint EndPoint => _gdnsd.EndPoint;

    public override string Output => _gdnsd.Output;

    protected override ChildProcess Process => _gdnsd.Process!;

    public override Task StartAsync() => _gdnsd.StartAsync();

    // A file in its folder is read with the next reload, so these lie elsewhere until then.
    public override Task PrepareAsync(IReadOnlyList<string> zones, SmallZone content)
    {
        WriteFiles(zones, content, zone => _ready.Combine(FileName(zone)));
        return Task.CompletedTask;
    }

    public override async Task AddSingleAsync(string zone)
    {
        PutInPlace(zone);
        (await _gdnsd.ControlAsync("reload-zones")).EnsureSuccess();
    }

    public override async Task AddBulkAsync(IReadOnlyList<string> zones)
    {
        foreach (string zone in zones) PutInPlace(zone);
        (await _gdnsd.ControlAsync("reload-zones")).EnsureSuccess();
    }

    public override Task ChangeSingleAsync(string zone) => AddSingleAsync(zone);

    public override Task ChangeBulkAsync(IReadOnlyList<string> zones) => AddBulkAsync(zones);

    public override Task<IReadOnlyList<string>> LeftAsync() => FilesIn(_gdnsd.ZoneFolder);

    public override Task StopAsync() => _gdnsd.StopAsync();

    public override async ValueTask DisposeAsync()
    {
        await _gdnsd.DisposeAsync();
        _ready.Dispose();
    }

    private static string FileName(string zone) => zone.TrimEnd('.');

    private void PutInPlace(string zone) =>
        File.Move(_ready.Combine(FileName(zone)), Path.Combine(_gdnsd.ZoneFolder, FileName(zone)), overwrite: true);
}
