using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>
/// A content in a file. A fresh transfer's file lies in the spool and belongs to this handle: when nobody keeps it, it goes
/// with the last reference. Once kept it belongs to the <see cref="ContentStore"/>.
/// </summary>
public sealed class FileZoneContent : ZoneContent
{
    private readonly Lock _gate = new();
    private readonly SpooledFile? _spooled;
    private string _path;

    private FileZoneContent(ZoneFacts facts, string path, SpooledFile? spooled)
        : base(facts)
    {
        _path = path;
        _spooled = spooled;
    }

    /// <summary>Where the bytes lie now.</summary>
    public string FilePath
    {
        get
        {
            lock (_gate)
                return _path;
        }
    }

    /// <summary>Takes over a finished file of the spool.</summary>
    public static FileZoneContent Spooled(ZoneFacts facts, string path) => new(facts, path, new SpooledFile(path));

    /// <summary>Refers to a file that the store keeps.</summary>
    public static FileZoneContent Kept(ZoneFacts facts, string path) => new(facts, path, spooled: null);

    /// <inheritdoc/>
    /// <exception cref="IOException">The file is gone (the content was replaced) or has another length than it must.</exception>
    public override RecordStream Open()
    {
        lock (_gate)
        {
            FileStream file;
            try
            {
                const FileShare Share = FileShare.ReadWrite | FileShare.Delete;
                file = new FileStream(_path, FileMode.Open, FileAccess.Read, Share, 0, FileOptions.SequentialScan);
            }
            catch (FileNotFoundException exception)
            {
                throw new IOException($"The content of {Apex} with serial {Serial} is no longer held: {_path} is gone.", exception);
            }
            if (file.Length == ByteCount)
                return new RecordStream(file);
            file.Dispose();
            throw new IOException($"The content of {Apex} with serial {Serial} is damaged: {_path} has not the {ByteCount} bytes written.");
        }
    }

    /// <summary>Moves a spooled file to its place in the store; readers that have it open go on undisturbed.</summary>
    internal void MoveTo(string path)
    {
        lock (_gate)
        {
            if (string.Equals(_path, path, StringComparison.Ordinal))
                return;
            File.Move(_path, path, overwrite: true);
            _path = path;
            _spooled?.Release();
        }
    }

    private sealed class SpooledFile(string path)
    {
        private volatile bool _isReleased;

        ~SpooledFile()
        {
            if (_isReleased)
                return;
            try
            {
                File.Delete(path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // What stays is swept at the next start.
            }
        }

        public void Release() => _isReleased = true;
    }
}
