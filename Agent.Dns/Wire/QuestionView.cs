namespace Agent.Dns.Wire;

/// <summary>One question in place in its message.</summary>
public readonly ref struct QuestionView
{
    internal QuestionView(ReadOnlySpan<byte> message, int nameOffset, RecordType type, RecordClass questionClass)
    {
        Message = message;
        NameOffset = nameOffset;
        Type = type;
        Class = questionClass;
    }

    /// <summary>The whole message.</summary>
    public ReadOnlySpan<byte> Message { get; }

    /// <summary>Where the question starts.</summary>
    public int NameOffset { get; }

    /// <summary>The type asked for.</summary>
    public RecordType Type { get; }

    /// <summary>The class asked for.</summary>
    public RecordClass Class { get; }

    /// <summary>Copies the name without compression into room for 255 bytes; false if it is malformed.</summary>
    public bool TryCopyName(Span<byte> destination, out int length)
    {
        var offset = NameOffset;
        return NameReader.Read(Message, ref offset, destination, out length) == WireError.None;
    }

    /// <summary>The name as an object; null if it is malformed.</summary>
    public DomainName? ToName()
    {
        Span<byte> wire = stackalloc byte[NameReader.MaximumLength];
        return TryCopyName(wire, out var length) && DomainName.TryFromWire(wire[..length], out var name) ? name : null;
    }

    /// <summary>Compares the name with an uncompressed one, case folded.</summary>
    public bool NameEquals(ReadOnlySpan<byte> wire) => NameReader.Matches(Message, NameOffset, wire);
}
