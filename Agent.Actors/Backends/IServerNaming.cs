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
public sealed record ServerName(string? Identity, string? Version)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Identity ?? "a nameless server"}{(Version is null ? "" : $" ({Version})")}";
}
