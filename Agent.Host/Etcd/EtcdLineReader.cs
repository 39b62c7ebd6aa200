namespace Agent.Host.Etcd;

/// <summary>Cuts a stream into lines of a bounded length.</summary>
/// <remarks>One reader; <see cref="PartialFor"/> from any thread.</remarks>
internal sealed class EtcdLineReader(Stream stream, int lengthMax, TimeProvider clock)
{
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;
    private long _partialSince;

    /// <summary>How long a line has begun and not ended; zero between lines.</summary>
    public TimeSpan PartialFor => Volatile.Read(ref _partialSince) is var since and not 0 ? clock.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>The next line without its end, valid until the next call; null at the end of the stream.</summary>
    /// <exception cref="FormatException">The line is too long.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellation)
    {
        int searched = _start;
        while (true)
        {
            int end = Array.IndexOf(_buffer, (byte)'\n', searched, _end - searched);
            if (end >= 0)
            {
                ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, end - _start);
                _start = end + 1;
                Volatile.Write(ref _partialSince, 0);
                return line;
            }

            if (_end - _start > lengthMax) throw new FormatException($"a message is larger than {lengthMax} octets");
            MakeRoom();
            searched = _end;
            if (_end > 0 && _partialSince == 0) Volatile.Write(ref _partialSince, clock.GetTimestamp());
            int count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (count == 0) return null;
            _end += count;
        }
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
    }
}
