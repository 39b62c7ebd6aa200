namespace Agent.Host.Configuration;

/// <summary>Octets that no log line, error or <c>config show</c> may print: the text form is always the same.</summary>
public sealed class Secret(byte[] octets) : IEquatable<Secret>
{
    public ReadOnlySpan<byte> Reveal() => octets;

    public bool Equals(Secret? other) => other is not null && Reveal().SequenceEqual(other.Reveal());

    public override bool Equals(object? obj) => Equals(obj as Secret);

    public override int GetHashCode() => octets.Length;

    public override string ToString() => "(hidden)";
}
