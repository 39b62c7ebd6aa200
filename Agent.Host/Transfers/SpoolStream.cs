using System.Buffers;
using Agent.Actors.Kernel;
using Agent.Dns.Zones;
using Agent.Host.Journal;

namespace Agent.Host.Transfers;

/// <summary>
/// Takes the bytes of one zone: in memory while they are few, then in a file. What is disposed before it became a content leaves nothing.
/// </summary>
internal sealed class SpoolStream : WriteOnlyStream
{
    private readonly SpoolDirectory _directory;
    private readonly int _memoryMaximum;
    private byte[] _memory = [];
    private int _memoryUsed;
    private Stream? _file;
    private string? _path;
    private bool _isTaken;

    public SpoolStream(SpoolDirectory directory, int memoryMaximum)
    {
        _directory = directory;
        _memoryMaximum = memoryMaximum;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_file is null && _memoryUsed + buffer.Length <= _memoryMaximum)
        {
            Reserve(_memoryUsed + buffer.Length);
            buffer.CopyTo(_memory.AsSpan(_memoryUsed));
            _memoryUsed += buffer.Length;
            return;
        }
        if (_file is null)
        {
            _file = _directory.Create(out _path);
            _file.Write(_memory.AsSpan(0, _memoryUsed));
            ReturnMemory();
            FaultPoint.Pass("spool.begun");
        }
        _file.Write(buffer);
    }

    public override void Flush()
    {
        // The builder holds the pieces back until they are large, and the journal asks for durability when it keeps the file.
    }

    /// <summary>Ends the writing and gives the content, which now owns the file.</summary>
    /// <exception cref="IOException">The last bytes could not be written.</exception>
    public ZoneContent Complete(ZoneFacts facts)
    {
        FaultPoint.Pass("transfer.complete");
        if (_file is null)
        {
            return new FreshZoneContent(facts, _memory.AsSpan(0, _memoryUsed).ToArray());
        }
        _file.Dispose();
        _isTaken = true;
        FaultPoint.Pass("spool.closed");
        return FileZoneContent.Spooled(facts, _path!);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ReturnMemory();
            _file?.Dispose();
            if (_path is not null && !_isTaken)
                TryDelete(_path);
            _isTaken = true;
        }
        base.Dispose(disposing);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Swept at the next start.
        }
    }

    private void Reserve(int size)
    {
        if (size <= _memory.Length)
            return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(size);
        _memory.AsSpan(0, _memoryUsed).CopyTo(larger);
        int used = _memoryUsed;
        ReturnMemory();
        _memory = larger;
        _memoryUsed = used;
    }

    private void ReturnMemory()
    {
        if (_memory.Length > 0)
            ArrayPool<byte>.Shared.Return(_memory);
        _memory = [];
        _memoryUsed = 0;
    }
}
