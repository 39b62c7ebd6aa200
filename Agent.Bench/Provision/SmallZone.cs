using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>
/// What a zone holds that a server is given by its own means: as much as one of <see cref="SmallZoneMaster"/>, with the address of the
/// first host another one with each serial.
/// </summary>
public sealed record SmallZone(int Hosts, uint Serial)
{
    public const string FirstHost = "host0";

    /// <summary>Names relative to the zone, and their addresses.</summary>
    public IEnumerable<(string Name, string Address)> HostAddresses =>
        Enumerable.Range(0, Hosts).Select(host => (Text($"host{host}"), host == 0 ? FirstAddress : Text($"192.0.2.{host}")));

    /// <summary>The one address that changes.</summary>
    public string FirstAddress => Text($"198.18.{Serial >> 8 & 255}.{Serial & 255}");

    /// <summary>The data of the SOA in text.</summary>
    public string SoaOf(string zone) => Text($"ns1.{zone} hostmaster.{zone} {Serial} 3600 600 86400 300");

    /// <summary>Writes a master file.</summary>
    public void Write(string zone, string file)
    {
        MasterZone content = MasterZone.Create(zone, Serial, [.. HostAddresses.Select(host => $"{host.Name} 300 IN A {host.Address}")]);
        File.WriteAllText(file, content.ToFileText());
        // Servers compare modification times in whole seconds.
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddDays(20_000).AddSeconds(Serial));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
