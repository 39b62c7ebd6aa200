using System.Security.Cryptography;
using Agent.Actors.Kernel;
using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>
/// The large contents, one immutable file each, named by hash. A file is durable before a transaction refers to it and is
/// removed after the transaction that drops the last reference. Kept and removed by the journal's thread only; any thread may look for a
/// file, and fetch one that lies elsewhere too.
/// </summary>
public sealed class ContentStore
{
    private const string PartSuffix = ".part";
    private const string FetchSuffix = ".fetch";
    private const string DamagedSuffix = ".damaged";

    private readonly string _directory;

    public ContentStore(string directory) => _directory = directory;

    /// <summary>Puts the content under its hash and waits until file and name are on the disk.</summary>
    /// <exception cref="IOException">The content cannot be read, or the disk is full or failing.</exception>
    public void Keep(ZoneContent content)
    {
        string path = PathOf(content.Hash);
        if (content is FileZoneContent file)
        {
            file.MoveTo(path);
            DiskSync.File(path);
        }
        else if (!IsWhole(path, content.ByteCount))
        {
            Write(content, path + PartSuffix);
            FaultPoint.Pass("content.written");
            File.Move(path + PartSuffix, path, overwrite: true);
        }
        FaultPoint.Pass("content.renamed");
        DiskSync.Directory(_directory);
        FaultPoint.Pass("content.kept");
    }

    /// <summary>The handle on a kept content; null when the file is missing or has another length than it must.</summary>
    public FileZoneContent? Find(ZoneFacts facts)
    {
        string path = PathOf(facts.Hash);
        return IsWhole(path, facts.ByteCount) ? FileZoneContent.Kept(facts, path) : null;
    }

    /// <summary>
    /// The same after a look at every byte. What is damaged is put aside as HASH.damaged, so that the content counts as lost and a master
    /// is asked for it, and nobody takes the file for whole again.
    /// </summary>
    /// <exception cref="IOException">The file cannot be read or put aside.</exception>
    public FileZoneContent? FindWhole(ZoneFacts facts)
    {
        if (Find(facts) is not { } found)
            return null;
        using (FileStream file = new(found.FilePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0))
        {
            if (ContentHash.TryFromBytes(SHA256.HashData(file), out ContentHash hash) && hash == facts.Hash)
                return found;
        }
        File.Move(found.FilePath, found.FilePath + DamagedSuffix, overwrite: true);
        return null;
    }

    /// <summary>Makes the file of a content that the journal keeps elsewhere. One fetch at a time.</summary>
    /// <exception cref="IOException">The parts are not those of this content, or the disk is full or failing.</exception>
    public FileZoneContent Fetch(ZoneFacts facts, IEnumerable<byte[]> parts)
    {
        string path = PathOf(facts.Hash);
        using (var file = new FileStream(path + FetchSuffix, FileMode.Create, FileAccess.Write, FileShare.None, 0))
        {
            using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (byte[] part in parts)
            {
                digest.AppendData(part);
                file.Write(part);
            }

            if (!ContentHash.TryFromBytes(digest.GetHashAndReset(), out ContentHash hash) || hash != facts.Hash)
                throw new IOException($"The content of {facts.Apex} with serial {facts.Serial} is damaged in the journal.");
        }

        // It need not last: a file that a power cut spoils is found out and fetched again.
        File.Move(path + FetchSuffix, path, overwrite: true);
        return FileZoneContent.Kept(facts, path);
    }

    /// <summary>The octets of a kept content.</summary>
    /// <exception cref="IOException">The file is gone or cannot be read.</exception>
    public FileStream Read(ContentHash hash) => new(
        PathOf(hash), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, FileOptions.SequentialScan);

    /// <summary>
    /// Removes a content that no transaction refers to any more. Whoever has it open reads on; what resists waits for the next start.
    /// </summary>
    public void TryRemove(ContentHash hash)
    {
        try
        {
            File.Delete(PathOf(hash));
            FaultPoint.Pass("content.removed");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The row is gone already, so nothing refers to the file: RemoveUnreferenced finds it.
        }
    }

    /// <summary>
    /// Removes files without a reference, and half-written ones, which a crash has left if this is the start. Foreign files are left alone.
    /// </summary>
    /// <returns>The number of files removed.</returns>
    public int RemoveUnreferenced(Func<ContentHash, bool> isReferenced, bool isStart = true)
    {
        int removed = 0;
        foreach (string path in Directory.EnumerateFiles(_directory))
        {
            string name = Path.GetFileName(path);
            bool isPart = Path.GetExtension(name) is PartSuffix or FetchSuffix;
            if (!ContentHash.TryParse(isPart ? Path.GetFileNameWithoutExtension(name) : name, out ContentHash hash))
                continue;
            if (isPart ? !isStart : isReferenced(hash))
                continue;
            File.Delete(path);
            removed++;
        }
        return removed;
    }

    private static bool IsWhole(string path, long length)
    {
        var file = new FileInfo(path);
        return file.Exists && file.Length == length;
    }

    private static void Write(ZoneContent content, string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 65536);
        ContentCopy.CopyTo(content, file);
        file.Flush(flushToDisk: true);
    }

    private string PathOf(ContentHash hash) => Path.Combine(_directory, hash.ToString());
}
