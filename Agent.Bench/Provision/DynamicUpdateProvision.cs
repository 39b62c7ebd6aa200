using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>
/// BIND with zones that are there and nearly empty, and are brought to their content by updates. In bulk: one nsupdate for all, which sends
/// an update for each zone.
/// </summary>
public sealed class DynamicUpdateProvision : ProvisionServer
{
    private const string KeyName = "provision";

    // Older than any that is given to them.
    private const uint EmptySerial = 0;

    private readonly BindServer _named;
    private readonly string _secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly Dictionary<string, string> _prepared = new(StringComparer.Ordinal);

    public DynamicUpdateProvision() => _named = new BindServer { Key = new TransferKey(KeyName, _secret), TakesUpdates = true };

    public override string Driver => "dynamic-update";

    public override string SingleWay => "nsupdate";

    public override string BulkWay => "one nsupdate";

    public override string TargetSettings => $"""driver = dynamic-update, server = "{EndPoint}", key = {KeyName}""";

    public override string OtherSettings => $$"""keys { {{KeyName}} { secret = "{{_secret}}" } }""";

    public override bool TakesZonesAway => false;

    public override IPEndPoint EndPoint => _named.EndPoint;

    public override string Output => _named.Output;

    protected override ChildProcess Process => _named.Process!;

    public override async Task ExpectAsync(IReadOnlyList<string> zones)
    {
        foreach (string zone in zones) await _named.SetZoneAsync(MasterZone.Create(zone, EmptySerial));
    }

    public override Task StartAsync() => _named.StartAsync();

    public override Task PrepareAsync(IReadOnlyList<string> zones, SmallZone content)
    {
        foreach (string zone in zones) _prepared[zone] = Commands(zone, content);
        return Task.CompletedTask;
    }

    public override Task AddSingleAsync(string zone) => UpdateAsync([zone]);

    public override Task AddBulkAsync(IReadOnlyList<string> zones) => UpdateAsync(zones);

    public override Task ChangeSingleAsync(string zone) => UpdateAsync([zone]);

    public override Task ChangeBulkAsync(IReadOnlyList<string> zones) => UpdateAsync(zones);

    public override Task<IReadOnlyList<string>> LeftAsync() => Task.FromResult<IReadOnlyList<string>>([]);

    public override Task StopAsync() => _named.StopAsync();

    public override ValueTask DisposeAsync() => _named.DisposeAsync();

    private static string Commands(string zone, SmallZone content)
    {
        StringBuilder text = new($"zone {zone}\n");
        foreach ((string name, string address) in content.HostAddresses)
        {
            // Of the hosts only the first one's address ever changes.
            if (name == SmallZone.FirstHost) text.Append(CultureInfo.InvariantCulture, $"update delete {name}.{zone} A\n");
            text.Append(CultureInfo.InvariantCulture, $"update add {name}.{zone} 300 A {address}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"update add {zone} 3600 SOA {content.SoaOf(zone)}\nsend\n").ToString();
    }

    private async Task UpdateAsync(IReadOnlyList<string> zones)
    {
        string server = string.Create(CultureInfo.InvariantCulture, $"server {EndPoint.Address} {EndPoint.Port}\n");
        string commands = server + string.Concat(zones.Select(zone => _prepared[zone]));
        (await Tool.RunAsync("nsupdate", ["-v", "-y", $"hmac-sha256:{KeyName}:{_secret}"], commands)).EnsureSuccess();
    }
}
