using Agent.Dns.Zones;

namespace Agent.Host.Transfers;

/// <summary>Reads pieces of memory one behind the other, each fetched only when the one before is used up.</summary>
internal sealed class DifferenceStream(IEnumerable<ReadOnlyMemory<byte>> pieces) : ForwardStream
{
    private readonly IEnumerator<ReadOnlyMemory<byte>> _pieces = pieces.GetEnumerator();
    private ReadOnlyMemory<byte> _rest;

    /// <exception cref="IOException">A piece cannot be fetched.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (_rest.IsEmpty)
        {
            if (!_pieces.MoveNext())
                return 0;
            _rest = _pieces.Current;
        }
        int count = Math.Min(buffer.Length, _rest.Length);
        _rest.Span[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _pieces.Dispose();
        base.Dispose(disposing);
    }
}
