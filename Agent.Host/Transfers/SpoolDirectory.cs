namespace Agent.Host.Transfers;

/// <summary>
/// The folder of transfers under way, and of zones that drivers hand over as files. Nothing in it outlives the process: it is emptied at
/// the start.
/// </summary>
public sealed class SpoolDirectory
{
    private readonly string _path;
    private readonly Func<string, Stream> _create;
    private long _counter;

    public SpoolDirectory(string path)
        : this(path, static file => new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 0))
    {
    }

    /// <summary>With another way to make files, for disks that fail.</summary>
    public SpoolDirectory(string path, Func<string, Stream> create)
    {
        _path = path;
        _create = create;
        foreach (string left in Directory.EnumerateFiles(path))
            File.Delete(left);
    }

    /// <summary>A new empty file.</summary>
    /// <exception cref="IOException">No room, or no access.</exception>
    public Stream Create(out string path)
    {
        path = Path.Combine(_path, $"{Interlocked.Increment(ref _counter)}.xfr");
        return _create(path);
    }
}
