using Agent.Dns.Zones;
using Microsoft.Win32.SafeHandles;

namespace Agent.Backends.Shared;

/// <summary>
/// A server's zone in a file that has no name any more: it is gone when it is disposed, and also when the process dies. No stream may be
/// open when it is disposed.
/// </summary>
public sealed class SpooledZone : ZoneContent, IDisposable
{
    private readonly SafeFileHandle _file;

    internal SpooledZone(ZoneFacts facts, SafeFileHandle file)
        : base(facts) => _file = file;

    /// <inheritdoc/>
    public override RecordStream Open() => new(new FileReader(_file));

    /// <summary>Gives the file's room back.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>A file to write to, without a name.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    internal static FileStream CreateFile(string folder)
    {
        string path = Path.Combine(folder, $"served-{Path.GetRandomFileName()}");
        FileStream file = new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, bufferSize: 1);
        File.Delete(path);
        return file;
    }

    /// <summary>Reads the file from its beginning, at a place of its own.</summary>
    private sealed class FileReader(SafeFileHandle file) : ForwardStream
    {
        private long _at;

        public override int Read(Span<byte> buffer)
        {
            int got = RandomAccess.Read(file, buffer, _at);
            _at += got;
            return got;
        }
    }
}
