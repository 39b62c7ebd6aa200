using System.Globalization;
using System.Net;
using Agent.Backends.Bind9;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>BIND. In bulk: one kept control connection, command after command, which is all that named can take.</summary>
public sealed class BindProvision : ProvisionServer
{
    private readonly BindServer _named = new();

    public override string Driver => "bind9";

    public override string SingleWay => "rndc";

    public override string BulkWay => "one kept rndc session";

    public override string BulkAim => "at least 0.8";

    public override string TargetSettings => string.Create(CultureInfo.InvariantCulture, $$"""
        driver = bind9, server = "{{EndPoint}}", host = "127.0.0.1", port = {{_named.ControlPort}}
        key-file = "{{_named.ControlKeyFile}}", zone-directory = "{{ZoneFolder}}"
        """);

    public override (string Name, string Settings)? DesignateBackend => ("bind9", string.Create(CultureInfo.InvariantCulture, $"""
        rndc_host = 127.0.0.1
        rndc_port = {_named.ControlPort}
        rndc_key_file = {_named.ControlKeyFile}
        zone_file_path = {ZoneFolder}
        query_destination = {EndPoint.Address}
        """));

    public override IPEndPoint EndPoint => _named.EndPoint;

    public override string Output => _named.Output;

    protected override ChildProcess Process => _named.Process!;

    // Named's own files lie beside those of the zones.
    private string ZoneFolder => Path.Combine(_named.FolderPath, "zones");

    public override Task StartAsync()
    {
        Directory.CreateDirectory(ZoneFolder);
        return _named.StartAsync();
    }

    public override Task PrepareAsync(IReadOnlyList<string> zones, SmallZone content)
    {
        WriteFiles(zones, content, FileOf);
        return Task.CompletedTask;
    }

    public override async Task AddSingleAsync(string zone) => (await _named.RndcAsync("addzone", zone, Stanza(zone))).EnsureSuccess();

    public override Task AddBulkAsync(IReadOnlyList<string> zones) => CallAsync(zones.Select(zone => $"addzone {zone} {Stanza(zone)}"));

    public override async Task ChangeSingleAsync(string zone) => (await _named.RndcAsync("reload", zone)).EnsureSuccess();

    public override Task ChangeBulkAsync(IReadOnlyList<string> zones) => CallAsync(zones.Select(zone => $"reload {zone}"));

    public override Task<IReadOnlyList<string>> LeftAsync() => FilesIn(ZoneFolder);

    public override Task StopAsync() => _named.StopAsync();

    public override ValueTask DisposeAsync() => _named.DisposeAsync();

    private async Task CallAsync(IEnumerable<string> commands)
    {
        if (!RndcKey.TryCreate(_named.ControlKeyName, _named.ControlAlgorithm, _named.ControlSecret, out RndcKey? key, out string? error))
            throw new InvalidOperationException(error);
        await using RndcClient session = new(() => new RndcEndpoint("127.0.0.1", _named.ControlPort, key), TimeProvider.System);
        foreach (string command in commands)
        {
            RndcReply reply = await session.CallAsync(command, RndcLane.Changes, CancellationToken.None);
            if (reply.Verdict != RndcVerdict.Done) throw new InvalidOperationException(reply.Explanation);
        }
    }

    private string Stanza(string zone) => $"{{ type primary; file \"{FileOf(zone)}\"; }};";

    private string FileOf(string zone) => Path.Combine(ZoneFolder, zone + "zone");
}
