using System.Diagnostics.CodeAnalysis;
using Agent.Actors.Kernel;
using Agent.Backends.Shared;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Win32.SafeHandles;

namespace Agent.Backends.Gdnsd;

/// <summary>
/// gdnsd's folder of zone files. A file that gdnsd does not take keeps it from loading any other, and from starting. So no change is
/// for good before gdnsd has taken it: until then the file before it, or a mark that there was none, is kept beside, and the change can be
/// taken back; also by the next process.
/// <code>
///   NAME                    what gdnsd reads
///   .agent-GUID.tmp         a content written, not yet in its place        (gdnsd passes over all that begins with a dot)
///   .agent-before/NAME      the file before a change that gdnsd has not taken yet
///   .agent-absent/NAME      there was no file before
/// </code>
/// </summary>
/// <remarks>Staging and taking back are for one caller at a time, writing for any number. Not for an actor's thread.</remarks>
internal sealed class GdnsdFolder(string path, TimeProvider time)
{
    private const string BeforeFolder = ".agent-before";
    private const string AbsentFolder = ".agent-absent";
    private const int FlushedOneByOneMax = 2;

    public string FullPath { get; } = Path.GetFullPath(path);

    private string Before => Path.Combine(FullPath, BeforeFolder);

    private string Absent => Path.Combine(FullPath, AbsentFolder);

    /// <summary>True when an earlier process left changes that gdnsd may not have taken.</summary>
    public bool HasOpenChanges => OpenChanges().Count > 0;

    /// <summary>The path of a file.</summary>
    public string PathOf(string name) => Path.Combine(FullPath, name);

    /// <summary>Makes the folders beside and takes away what was written and never put in place.</summary>
    /// <exception cref="IOException">The disk does not let us.</exception>
    public void Prepare()
    {
        MakeBeside();
        AtomicFile.DeleteLeftovers(FullPath);
    }

    /// <summary>Makes the folders beside, also when somebody took them away.</summary>
    /// <exception cref="IOException">The folder itself is not there: it may be a file system that is not mounted.</exception>
    public void MakeBeside()
    {
        EnsureThere();
        Directory.CreateDirectory(Before);
        Directory.CreateDirectory(Absent);
    }

    /// <summary>Finds out whether files can be written.</summary>
    /// <exception cref="IOException">They cannot.</exception>
    public void Check()
    {
        EnsureThere();
        AtomicFile.CheckWritable(FullPath);
    }

    /// <summary>Writes a content beside its place; where it is.</summary>
    /// <exception cref="BackendException">The content is damaged.</exception>
    public string Write(string name, ZoneContent content, bool flushToDisk) =>
        AtomicFile.WriteBeside(PathOf(name), stream =>
        {
            ZoneContentError damage = ZoneFileWriter.Write(content, stream, RdataTextStyle.Gdnsd38);
            if (damage != ZoneContentError.None)
                throw BackendException.Refused($"the content of {content.Apex} is damaged: {damage}");
        }, flushToDisk);

    /// <summary>Brings contents to the disk that were written without: a few one by one, more by the whole file system.</summary>
    public void Flush(IReadOnlyCollection<string> written)
    {
        if (written.Count > FlushedOneByOneMax)
        {
            using SafeFileHandle folder = AtomicFile.OpenFolder(FullPath);
            AtomicFile.AwaitDisk(written.Count, () => AtomicFile.FlushFileSystem(folder, FullPath));
            return;
        }

        foreach (string file in written)
        {
            using SafeFileHandle handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
            AtomicFile.AwaitDisk(changes: 1, () => RandomAccess.FlushToDisk(handle));
        }
    }

    /// <summary>Brings the names to the disk.</summary>
    public void FlushNames(int changes)
    {
        using SafeFileHandle folder = AtomicFile.OpenFolder(FullPath);
        AtomicFile.AwaitDisk(changes, () => RandomAccess.FlushToDisk(folder));
    }

    /// <summary>Puts a content in place, or takes the file away when there is none; what was there is kept.</summary>
    public void Stage(string name, string? written)
    {
        string file = PathOf(name);
        if (File.Exists(file))
            AtomicFile.Link(file, Path.Combine(Before, name));
        else if (written is not null)
            File.WriteAllBytes(Path.Combine(Absent, name), []);
        if (written is not null)
        {
            AtomicFile.PutInPlace(written, file, time.GetUtcNow());
            return;
        }

        File.Delete(file);
        FaultPoint.Pass("file.deleted");
    }

    /// <summary>gdnsd has taken the change.</summary>
    public void Settle(string name)
    {
        DeleteIfThere(Path.Combine(Before, name));
        DeleteIfThere(Path.Combine(Absent, name));
    }

    /// <summary>Puts back what was there before a change.</summary>
    /// <param name="name">The file.</param>
    /// <param name="written">Where its new content is to lie again; null drops it.</param>
    public void TakeBack(string name, string? written)
    {
        string file = PathOf(name);
        string before = Path.Combine(Before, name);
        string absent = Path.Combine(Absent, name);
        bool wasThere = File.Exists(before);
        if (!wasThere && !File.Exists(absent))
            return;
        if (written is not null && !File.Exists(written))
            AtomicFile.Link(file, written);
        if (wasThere)
            File.Move(before, file, overwrite: true);
        else
            File.Delete(file);
        // Moving a file over itself leaves both names; and so it was when nothing had been put in place yet.
        Settle(name);
    }

    /// <summary>All changes of an earlier process are for good.</summary>
    public void SettleAll()
    {
        foreach (string name in OpenChanges())
            Settle(name);
    }

    /// <summary>All changes of an earlier process are taken back.</summary>
    public void TakeBackAll()
    {
        foreach (string name in OpenChanges())
            TakeBack(name, written: null);
    }

    /// <summary>The files that gdnsd reads, with the zone that each is for.</summary>
    public IEnumerable<(DomainName Zone, string Name)> Zones()
    {
        EnsureThere();
        foreach (string file in Directory.EnumerateFiles(FullPath))
        {
            string name = Path.GetFileName(file);
            if (GdnsdZoneName.TryRead(name, out DomainName? zone))
                yield return (zone, name);
        }
    }

    /// <summary>The newest file and its time, to find what somebody else changed.</summary>
    public bool TryFindNewest([NotNullWhen(true)] out string? name, out DateTime changedUtc)
    {
        FileInfo? newest = new DirectoryInfo(FullPath).EnumerateFiles()
            .Where(static file => file.Name[0] != '.').MaxBy(static file => file.LastWriteTimeUtc);
        name = newest?.Name;
        changedUtc = newest?.LastWriteTimeUtc ?? default;
        return name is not null;
    }

    private HashSet<string> OpenChanges() =>
        [.. Directory.EnumerateFiles(Before).Concat(Directory.EnumerateFiles(Absent)).Select(file => Path.GetFileName(file))];

    private static void DeleteIfThere(string path)
    {
        if (File.Exists(path))
            File.Delete(path);
    }

    private void EnsureThere()
    {
        if (!Directory.Exists(FullPath))
            throw new DirectoryNotFoundException($"{FullPath} is not a folder, or not there");
    }
}
