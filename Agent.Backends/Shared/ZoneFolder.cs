using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Shared;

/// <summary>
/// The folder where a driver keeps the files of its zones. It must exist: a missing one may be a file system that is not mounted, and
/// writing into the empty mount point would hide that. Small zones that are written or deleted at the same time share their waits for the
/// disk (<see cref="FileGroups"/>); a large one does not keep them waiting. Not for an actor's thread.
/// </summary>
public sealed class ZoneFolder
{
    // Written in some milliseconds at most. A larger one is written on its own, beside the groups.
    private const long GroupedBytesMax = 256 * 1024;

    private readonly TimeProvider _time;
    private readonly RdataTextStyle? _style;
    private readonly ZoneFileNames _names;
    private readonly int _nameOctetsMax;
    private readonly FileGroups _groups;
    private readonly Lock _cleaning = new();
    private bool _isClean;

    /// <summary>Touches nothing yet.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="time">The clock that files are stamped with.</param>
    /// <param name="style">What the server that reads the files knows; null for one that knows all that we do.</param>
    /// <param name="suffixOctets">Room in a file's name for what the server appends to it for files of its own.</param>
    /// <param name="underWay">How many orders of the driver are under way, see <see cref="FileGroups"/>.</param>
    /// <param name="names">How names are written in the files.</param>
    public ZoneFolder(
        string path,
        TimeProvider time,
        RdataTextStyle? style = null,
        int suffixOctets = 0,
        Func<int>? underWay = null,
        ZoneFileNames names = ZoneFileNames.Absolute)
    {
        _nameOctetsMax = ZoneFileName.LengthMax - suffixOctets;
        _style = style;
        _names = names;
        FullPath = Path.GetFullPath(path);
        _time = time;
        _groups = new FileGroups(FullPath, time, underWay);
    }

    /// <summary>Where it is.</summary>
    public string FullPath { get; }

    /// <summary>Whether it is there. Where a server writes it alone, it may be on another machine.</summary>
    public bool IsHere => Directory.Exists(FullPath);

    /// <summary>The file of a zone.</summary>
    /// <exception cref="BackendException">The file system has no room for such a long name.</exception>
    public string PathOf(DomainName zone) => TryName(zone, out string? name)
        ? Path.Combine(FullPath, name)
        : throw BackendException.NameNotAcceptable($"the file name may have at most {_nameOctetsMax} octets, too few for {zone}");

    /// <summary>Writes the zone's file anew, whole or not at all, and returns when the disk has it.</summary>
    /// <param name="zone">Whose file.</param>
    /// <param name="content">What it is to hold.</param>
    /// <param name="format">How it is written; null for the text of a master file.</param>
    /// <exception cref="BackendException">The folder or the disk does not let us, or the content is damaged.</exception>
    public async Task<string> WriteAsync(
        DomainName zone, ZoneContent content, Func<ZoneContent, Stream, ZoneContentError>? format = null)
    {
        string path = PathOf(zone);
        await GuardAsync(() =>
        {
            Clean();
            DateTimeOffset now = _time.GetUtcNow();
            if (content.ByteCount <= GroupedBytesMax)
                return _groups.ReplaceAsync(path, now, Write);
            AtomicFile.Replace(path, now, Write);
            return Task.CompletedTask;
        });
        return path;

        void Write(Stream stream)
        {
            ZoneContentError damage = format?.Invoke(content, stream) ?? ZoneFileWriter.Write(content, stream, _style, _names);
            if (damage != ZoneContentError.None)
                throw BackendException.Refused($"the content of {zone} is damaged: {damage}");
        }
    }

    /// <summary>Moves the file's time on, for a server that took two changes for one.</summary>
    /// <exception cref="BackendException">The disk does not let us.</exception>
    public void Touch(DomainName zone) => Guard(() => AtomicFile.Touch(PathOf(zone), _time.GetUtcNow(), TimeSpan.FromSeconds(1)));

    /// <summary>Takes the zone's file away, and what a server may have put beside it (its journal and signed forms).</summary>
    /// <returns>Where the file was or would have been; null for a name too long for any file, which therefore has none.</returns>
    /// <exception cref="BackendException">The disk does not let us.</exception>
    public async Task<string?> DeleteAsync(DomainName zone, IEnumerable<string> companionSuffixes)
    {
        if (!TryName(zone, out string? name))
            return null;
        string path = Path.Combine(FullPath, name);
        await GuardAsync(() =>
        {
            Clean();
            return Task.WhenAll(companionSuffixes.Select(suffix => path + suffix).Append(path).Select(_groups.DeleteAsync));
        });
        return path;
    }

    /// <summary>Takes away what a server has put beside the zone's file, and leaves the file.</summary>
    /// <exception cref="BackendException">The disk does not let us.</exception>
    public Task DeleteCompanionsAsync(DomainName zone, IEnumerable<string> suffixes) => TryName(zone, out string? name)
        ? GuardAsync(() => Task.WhenAll(suffixes.Select(suffix => _groups.DeleteAsync(Path.Combine(FullPath, name + suffix)))))
        : Task.CompletedTask;

    /// <summary>The zones that have a file here, whoever wrote it; one more than the maximum when there are more.</summary>
    /// <exception cref="BackendException">The disk does not let us.</exception>
    public List<DomainName> Zones(int maximum)
    {
        List<DomainName> zones = [];
        Guard(() =>
        {
            foreach (string path in Directory.EnumerateFiles(FullPath, "*" + ZoneFileName.Extension))
            {
                if (zones.Count > maximum)
                    return;
                if (ZoneFileName.TryRead(Path.GetFileName(path), out DomainName? zone))
                    zones.Add(zone);
            }
        });
        return zones;
    }

    /// <summary>What the zone's file says; not what a server made of it.</summary>
    public ZoneSighting Look(DomainName zone)
    {
        if (!TryName(zone, out string? name))
            return ZoneSighting.Absent;
        string path = Path.Combine(FullPath, name);
        try
        {
            if (!Directory.Exists(FullPath))
                return ZoneSighting.CannotTell($"{FullPath} is not a folder, or not there");
            return ZoneFileSerial.Read(path) is { } serial
                ? ZoneSighting.Present(serial)
                : ZoneSighting.CannotTell($"{path} has no SOA");
        }
        catch (FileNotFoundException)
        {
            return ZoneSighting.Absent;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ZoneSighting.CannotTell($"cannot read {path}: {error.Message}");
        }
    }

    /// <summary>Notes on the disk that a change of the zone's file is about to come and has to be told to somebody.</summary>
    /// <exception cref="BackendException">The disk does not let us.</exception>
    public void NoteUntold(DomainName zone) => Guard(() =>
    {
        Clean();
        File.WriteAllBytes(UntoldPathOf(zone), []);
    });

    /// <summary>Takes the note away: the change was told.</summary>
    /// <exception cref="BackendException">The disk does not let us.</exception>
    public void ForgetUntold(DomainName zone) => Guard(() => File.Delete(UntoldPathOf(zone)));

    /// <summary>Whether a change was noted and not told, also by an earlier process.</summary>
    public bool IsUntold(DomainName zone) => File.Exists(UntoldPathOf(zone));

    /// <summary>Finds out whether files can be written.</summary>
    /// <exception cref="BackendException">They cannot.</exception>
    public void Check() => Guard(() =>
    {
        Clean();
        AtomicFile.CheckWritable(FullPath);
    });

    // By hash, because a name may be as long as a file's name can be.
    private string UntoldPathOf(DomainName zone) => Path.Combine(FullPath, $".agent-untold-{zone.StableHash:x16}");

    private bool TryName(DomainName zone, [NotNullWhen(true)] out string? name) =>
        ZoneFileName.TryCreate(zone, out name) && name.Length <= _nameOctetsMax;

    private void Clean()
    {
        if (!Directory.Exists(FullPath))
            throw new DirectoryNotFoundException($"{FullPath} is not a folder, or not there");
        // Nobody may begin a file of this run while what an earlier run left is taken away: the two look alike.
        lock (_cleaning)
        {
            if (_isClean)
                return;
            AtomicFile.DeleteLeftovers(FullPath);
            _isClean = true;
        }
    }

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Away(error);
        }
    }

    private async Task GuardAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Away(error);
        }
    }

    private BackendException Away(Exception error) =>
        BackendException.Away($"cannot write zone files in {FullPath}: {error.Message}", error);
}
