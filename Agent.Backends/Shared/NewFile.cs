using System.Buffers;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Agent.Backends.Shared;

/// <summary>
/// A file that did not exist, to be written by one caller who alone knows its name. It makes no call to the kernel but those for its
/// octets: the runtime's own stream also asks for the kind of the file system and locks the file against readers of this process.
/// </summary>
/// <remarks>Its place can be set, within what is written.</remarks>
internal sealed partial class NewFile : Stream
{
    private const int BufferSize = 16 * 1024;
    private const int OpenWriteOnly = 0x1;
    private const int OpenCreate = 0x40;
    private const int OpenExclusive = 0x80;
    private const int OpenCloseOnExec = 0x80000;
    private const int Interrupted = 4;

    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _buffered;
    private long _place;

    /// <exception cref="IOException">It cannot be made, or is there.</exception>
    public NewFile(string path, UnixFileMode mode)
    {
        _path = path;
        _handle = Open(path, OpenWriteOnly | OpenCreate | OpenExclusive | OpenCloseOnExec, (int)mode);
        if (_handle.IsInvalid)
            throw Failed("make");
    }

    public override bool CanRead => false;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _place + _buffered;
        set
        {
            Flush();
            _place = value;
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        if (buffer.Length > _buffer.Length - _buffered)
            Flush();
        if (buffer.Length > _buffer.Length)
        {
            WriteOut(buffer);
            return;
        }

        buffer.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void WriteByte(byte value) => Write([value]);

    public override void Flush()
    {
        int buffered = _buffered;
        _buffered = 0;
        if (buffered > 0)
            WriteOut(_buffer.AsSpan(0, buffered));
    }

    /// <summary>Returns when the disk has all that was written.</summary>
    /// <exception cref="IOException">The disk is full, gone or failing.</exception>
    public void FlushToDisk()
    {
        Flush();
        RandomAccess.FlushToDisk(_handle);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>What was not flushed is dropped: whoever closes without it has failed.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
            _handle.Dispose();
        }

        base.Dispose(disposing);
    }

    private void WriteOut(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            nint written = WriteAt(_handle, ref MemoryMarshal.GetReference(octets), octets.Length, _place);
            if (written > 0)
            {
                octets = octets[(int)written..];
                _place += written;
            }
            else if (written == 0 || Marshal.GetLastPInvokeError() != Interrupted)
            {
                throw Failed("write");
            }
        }
    }

    private IOException Failed(string what) => new($"cannot {what} {_path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "pwrite64", SetLastError = true)]
    private static partial nint WriteAt(SafeFileHandle file, ref byte octets, nint length, long place);
}
