using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Agent.Dns.Wire;

/// <summary>
/// An immutable domain name. It keeps the case it was given; equality, hash and order fold ASCII case (RFC 4343).
/// </summary>
/// <remarks>Free for use from any thread. For names of records in bulk use spans with <see cref="NameBytes"/>.</remarks>
public sealed class DomainName : IEquatable<DomainName>, IComparable<DomainName>
{
    private readonly byte[] _wire;

    private DomainName(byte[] wire)
    {
        _wire = wire;
        StableHash = NameBytes.StableHash(wire);
    }

    /// <summary>The root.</summary>
    public static DomainName Root { get; } = new([0]);

    /// <summary>The uncompressed wire form, 1 to 255 bytes.</summary>
    public ReadOnlySpan<byte> Wire => _wire;

    /// <summary>FNV-1a of 64 bits over the folded wire form; equal names have equal hashes on every node and in every release.</summary>
    public ulong StableHash { get; }

    /// <summary>Labels without the root: 0 for the root, 2 for <c>example.com.</c></summary>
    public int LabelCount => NameBytes.LabelCount(_wire);

    /// <summary>True for the root.</summary>
    public bool IsRoot => _wire.Length == 1;

    /// <summary>The name without its first label; the root's parent is the root.</summary>
    public DomainName Parent => IsRoot ? this : new DomainName(_wire[(_wire[0] + 1)..]);

    /// <summary>Reads presentation form. The final dot is optional, every name counts as absolute; only ASCII is accepted.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out DomainName? name)
    {
        name = null;
        if (text.Length > NameText.MaximumLength || text is "@") return false;
        Span<byte> ascii = stackalloc byte[NameText.MaximumLength];
        Span<byte> wire = stackalloc byte[NameReader.MaximumLength];
        if (Ascii.FromUtf16(text, ascii, out var bytes) != System.Buffers.OperationStatus.Done) return false;
        if (!NameText.TryParse(ascii[..bytes], [], wire, out var length)) return false;
        name = new DomainName(wire[..length].ToArray());
        return true;
    }

    /// <summary>As <see cref="TryParse"/>, for names that the program itself wrote.</summary>
    /// <exception cref="FormatException">The text is not a name.</exception>
    public static DomainName Parse(string text) =>
        TryParse(text, out var name) ? name : throw new FormatException($"'{text}' is not a domain name");

    /// <summary>Takes a copy of one uncompressed wire name that fills the span exactly.</summary>
    public static bool TryFromWire(ReadOnlySpan<byte> uncompressed, [NotNullWhen(true)] out DomainName? name)
    {
        name = NameBytes.IsValid(uncompressed) ? new DomainName(uncompressed.ToArray()) : null;
        return name is not null;
    }

    /// <summary>The name with one more label in front; false if the label is empty, too long, or the name would be.</summary>
    public bool TryPrepend(ReadOnlySpan<byte> label, [NotNullWhen(true)] out DomainName? child)
    {
        child = null;
        if (label.Length is 0 or > 63 || label.Length + 1 + _wire.Length > NameReader.MaximumLength) return false;
        byte[] wire = [(byte)label.Length, .. label, .. _wire];
        child = new DomainName(wire);
        return true;
    }

    /// <summary>True if this name is <paramref name="ancestor"/> or lies below it.</summary>
    public bool IsSameOrBelow(DomainName ancestor)
    {
        ArgumentNullException.ThrowIfNull(ancestor);
        return NameBytes.IsSameOrBelow(_wire, ancestor._wire);
    }

    /// <summary>The name in lower case; itself if it is already.</summary>
    public DomainName Fold()
    {
        if (!_wire.AsSpan().ContainsAnyInRange((byte)'A', (byte)'Z')) return this;
        var folded = _wire.AsSpan().ToArray();
        NameBytes.Fold(folded);
        return new DomainName(folded);
    }

    /// <summary>Equality under case folding.</summary>
    public bool Equals(DomainName? other) =>
        other is not null && StableHash == other.StableHash && NameBytes.Equal(_wire, other._wire);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DomainName);

    /// <inheritdoc/>
    public override int GetHashCode() => StableHash.GetHashCode();

    /// <summary>Canonical order of RFC 4034 6.1.</summary>
    public int CompareTo(DomainName? other) => other is null ? 1 : NameBytes.Compare(_wire, other._wire);

    /// <summary>Presentation form with escapes and final dot, in the case it was given.</summary>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[NameText.MaximumLength];
        return Encoding.ASCII.GetString(text[..NameText.Write(_wire, text)]);
    }

    /// <summary>Equality under case folding.</summary>
    public static bool operator ==(DomainName? left, DomainName? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Inequality under case folding.</summary>
    public static bool operator !=(DomainName? left, DomainName? right) => !(left == right);
}
