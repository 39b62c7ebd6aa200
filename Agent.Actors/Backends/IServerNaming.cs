using System.Collections.Immutable;
using Agent.Actors.Kernel;

namespace Agent.Actors.Backends;

/// <summary>Port: asks a server by DNS who it is, as whoever asks it for zones would reach it. Always answered by
/// <see cref="ServerNamed"/>.</summary>
public interface IServerNaming
{
    /// <summary>Asks several times, each time in a way that another server behind the same address may take.</summary>
    void Name(ReplyTo replyTo);
}

/// <summary>What a server said about itself, once for each time that it answered.</summary>
public sealed record ServerNamed(ImmutableArray<ServerName> Answers);

/// <summary>Who a server says that it is.</summary>
/// <param name="Identity">Its name for itself (RFC 4892); null when it does not tell.</param>
/// <param name="Version">Its software; null when it does not tell.</param>
/// <param name="Nsid">Its identifier in answers (RFC 5001); null when it does not tell.</param>
public sealed record ServerName(string? Identity, string? Version, string? Nsid = null)
{
    /// <summary>It has said nothing.</summary>
    public bool IsSilent => Identity is null && Version is null && Nsid is null;

    /// <summary>Both have told something that cannot be of one server. What one of them has not told counts for nothing: an answer may be
    /// lost.</summary>
    public bool IsOtherThan(ServerName? name) => name is not null
        && (Differ(Identity, name.Identity) || Differ(Version, name.Version) || Differ(Nsid, name.Nsid));

    /// <summary>All that both have told.</summary>
    public ServerName With(ServerName? name) =>
        new(Identity ?? name?.Identity, Version ?? name?.Version, Nsid ?? name?.Nsid);

    /// <inheritdoc/>
    public override string ToString()
    {
        string nsid = Nsid is null || Nsid == Identity ? "" : $" with the NSID {Nsid}";
        return $"{Identity ?? "a nameless server"}{nsid}{(Version is null ? "" : $" ({Version})")}";
    }

    private static bool Differ(string? one, string? other) => one is not null && other is not null && one != other;
}
