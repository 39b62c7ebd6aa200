using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>PowerDNS over SQLite, one by one: <c>pdnsutil load-zone</c>, which the running server hears of only at the end.</summary>
public abstract class PowerDnsProvision : ProvisionServer
{
    private readonly TemporaryFolder _files = new("pdns-files");

    public override string SingleWay => "pdnsutil load-zone";

    public override IPEndPoint EndPoint => Pdns.EndPoint;

    public override string Output => Pdns.Output;

    protected PowerDnsTarget Pdns { get; } = new();

    protected override ChildProcess Process => Pdns.Process!;

    public override Task StartAsync() => Pdns.StartAsync();

    public override Task PrepareAsync(IReadOnlyList<string> zones, SmallZone content)
    {
        WriteFiles(zones, content, FileOf);
        return Task.CompletedTask;
    }

    public override async Task AddSingleAsync(string zone) => (await Pdns.UtilAsync("load-zone", zone, FileOf(zone))).EnsureSuccess();

    public override Task ChangeSingleAsync(string zone) => AddSingleAsync(zone);

    public override async Task SettleAsync()
    {
        (await Pdns.ControlAsync("rediscover")).EnsureSuccess();
        (await Pdns.ControlAsync("purge")).EnsureSuccess();
    }

    public override async Task<IReadOnlyList<string>> LeftAsync() =>
        (await Pdns.SqlAsync("SELECT name FROM domains UNION ALL SELECT name FROM records"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public override Task StopAsync() => Pdns.StopAsync();

    public override async ValueTask DisposeAsync()
    {
        await Pdns.DisposeAsync();
        _files.Dispose();
        GC.SuppressFinalize(this);
    }

    protected string FileOf(string zone) => _files.Combine(zone + "zone");
}
