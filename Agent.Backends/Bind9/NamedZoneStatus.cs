using System.Globalization;

namespace Agent.Backends.Bind9;

/// <summary>What <c>zonestatus</c> says of a zone. For an answer that is not one, nothing is known and nothing is claimed.</summary>
/// <param name="reply">The answer.</param>
internal readonly struct NamedZoneStatus(RndcReply reply)
{
    /// <summary>The serial of what is loaded.</summary>
    public uint? Serial =>
        uint.TryParse(reply.Field("serial"), NumberStyles.None, CultureInfo.InvariantCulture, out uint serial) ? serial : null;

    /// <summary>Whether it is served from files.</summary>
    public bool IsPrimary => reply.Field("type") is "primary" or "master";

    /// <summary>Whether it comes from named.conf and not from its control channel.</summary>
    public bool IsStatic => reply.Field("reconfigurable via modzone") is "no";

    /// <summary>The file that it is loaded from, without those that it includes.</summary>
    public string? File => reply.Field("files")?.Split(", ")[0];

    /// <summary>Whether it is loaded from this file; others that it includes may follow.</summary>
    public bool HasFile(string path) =>
        reply.Field("files") is { } files && (files == path || files.StartsWith(path + ",", StringComparison.Ordinal));
}
