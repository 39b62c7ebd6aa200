using System.Globalization;
using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.SampleDriver;

/// <summary>
/// Keeps a list of each zone's records in a folder: the serial in the first line, then a line for each record. There is no server behind
/// it, so what is served is what the first line says.
/// </summary>
/// <remarks><see cref="AsyncZoneBackend"/> has the part that is the same for all drivers: one answer to each order, deadlines, and how many
/// at once. A driver may as well implement <see cref="IZoneBackend"/> by itself.</remarks>
internal sealed class RecordFolderBackend(string folder, string suffix, TimeProvider time)
    : AsyncZoneBackend(Driver, OrderDeadlines.Default, time)
{
    private const int NameOctetsMax = 255;

    private static readonly BackendTraits Driver = new("record-folder", MaxConcurrentOrders: 4, VerifyPatience: TimeSpan.FromSeconds(1))
    {
        Listing = ZoneListing.Whole,
    };

    protected override Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        string path = PathOf(zone) ?? throw BackendException.NameNotAcceptable($"{zone} is too long for the name of a file");
        string beside = path + ".new";
        using (FileStream file = File.Create(beside))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes($"{content.Serial}\n"));
            if (ZoneFileWriter.Write(content, file) is not ZoneContentError.None and var damage)
                throw BackendException.Refused($"the content of {zone} is damaged: {damage}");
        }

        // Readers find the old list or the new one.
        File.Move(beside, path, overwrite: true);
        return Task.CompletedTask;
    }

    protected override Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        if (PathOf(zone) is { } path)
            File.Delete(path);
        return Task.CompletedTask;
    }

    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        string? path = PathOf(zone);
        if (!Directory.Exists(folder))
            return ZoneSighting.CannotTell($"{folder} is not there");
        if (path is null || !File.Exists(path))
            return ZoneSighting.Absent;
        using StreamReader reader = new(path);
        string? first = await reader.ReadLineAsync(cancellation);
        return uint.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out uint serial)
            ? ZoneSighting.Present(serial)
            : ZoneSighting.CannotTell($"{path} does not begin with a serial");
    }

    protected override Task ProbeAsync(CancellationToken cancellation) => Directory.Exists(folder)
        ? Task.CompletedTask
        : throw BackendException.Away($"{folder} is not there");

    protected override Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation)
    {
        List<DomainName> zones = [];
        foreach (string path in Directory.EnumerateFiles(folder, "*" + suffix).Take(maximum + 1))
        {
            string name = Path.GetFileName(path);
            if (ZoneFileName.TryRead(name[..^suffix.Length] + ZoneFileName.Extension, out DomainName? zone))
                zones.Add(zone);
        }

        return Task.FromResult<IReadOnlyCollection<DomainName>>(zones);
    }

    /// <summary>Null for a name that no file can have. Octets that mean something to a file system are escaped.</summary>
    private string? PathOf(DomainName zone) =>
        ZoneFileName.TryCreate(zone, out string? name) && name.Length + suffix.Length <= NameOctetsMax
            ? Path.Combine(folder, name[..^ZoneFileName.Extension.Length] + suffix)
            : null;
}
