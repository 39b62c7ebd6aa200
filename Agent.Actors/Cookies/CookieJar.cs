using Agent.Actors.Cluster;
using Agent.Dns.Cookies;
using Agent.Dns.Net;

namespace Agent.Actors.Cookies;

/// <summary>What a request's cookie is worth.</summary>
public enum CookieStatus : byte
{
    /// <summary>There is none, or we have no secret to judge it by.</summary>
    None = 0,

    /// <summary>The client has one of its own, and none of ours yet.</summary>
    ClientOnly = 1,

    /// <summary>The server cookie is none of ours, too old, or of another address.</summary>
    Bad = 2,

    /// <summary>Ours, in time, for this address: the sender receives what is sent there.</summary>
    Good = 3,
}

/// <summary>Judges cookies and writes them, with secrets that may be replaced at any moment. Any thread.</summary>
public sealed class CookieJar(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private Key[] _drawn = [];
    private Key[] _given = [];
    private volatile Key[] _keys = [];

    /// <summary>Replaces the secrets that were drawn. A text that is no secret is left out.</summary>
    public void Use(CookieSecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        lock (_gate)
        {
            _drawn = KeysOf(secrets);
            _keys = _given.Length > 0 ? _given : _drawn;
        }
    }

    /// <summary>Replaces the secrets that an operator has given, which go before those that were drawn; none for those again.</summary>
    /// <param name="secrets">New cookies are made with the first.</param>
    public void UseGiven(IReadOnlyList<string> secrets)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        lock (_gate)
        {
            _given = KeysOf(new CookieSecrets([.. secrets.Select(secret => new CookieSecret(secret, 0)).Reverse()]));
            _keys = _given.Length > 0 ? _given : _drawn;
        }
    }

    /// <summary>Whether this text is a secret: 32 hexadecimal digits.</summary>
    public static bool IsSecret(string? text) => text is { Length: 2 * DnsCookie.SecretBytes } && text.All(char.IsAsciiHexDigit);

    /// <summary>Judges a well-formed option.</summary>
    public CookieStatus Judge(ReadOnlySpan<byte> option, in NetworkEndpoint client)
    {
        Key[] keys = _keys;
        if (keys.Length == 0) return CookieStatus.None;
        if (option.Length == DnsCookie.ClientBytes) return CookieStatus.ClientOnly;
        if (option.Length != DnsCookie.OptionBytes) return CookieStatus.Bad;
        TimeSpan age = DnsCookie.AgeOf(option, Now());
        if (age > DnsCookie.Lifetime || age < -DnsCookie.ClockSkew) return CookieStatus.Bad;
        foreach (Key key in keys)
        {
            if (DnsCookie.IsMadeWith(option, client, key.Octets)) return CookieStatus.Good;
        }

        return CookieStatus.Bad;
    }

    /// <summary>Writes what an answer gives back: a good cookie that is young as it is, else a new one.</summary>
    /// <param name="option">The request's option.</param>
    /// <param name="status">How it was judged.</param>
    /// <param name="client">Where the request came from.</param>
    /// <param name="destination">Room for <see cref="DnsCookie.OptionBytes"/> octets.</param>
    /// <returns>False when there is no secret.</returns>
    public bool TryWrite(ReadOnlySpan<byte> option, CookieStatus status, in NetworkEndpoint client, Span<byte> destination)
    {
        Key[] keys = _keys;
        if (keys.Length == 0) return false;
        if (status == CookieStatus.Good && DnsCookie.AgeOf(option, Now()) < DnsCookie.RenewalAge)
        {
            option.CopyTo(destination);
            return true;
        }

        long now = clock.GetUtcNow().ToUnixTimeSeconds();
        int active = keys.Length - 1;
        while (active > 0 && keys[active].ActiveFrom > now) active--;
        DnsCookie.Write(option, client, keys[active].Octets, (uint)now, destination);
        return true;
    }

    private static Key[] KeysOf(CookieSecrets secrets) => secrets.Secrets.IsDefault ? [] :
    [
        .. secrets.Secrets.Where(secret => IsSecret(secret.Octets))
            .Select(secret => new Key(Convert.FromHexString(secret.Octets), secret.ActiveFrom)),
    ];

    private uint Now() => (uint)clock.GetUtcNow().ToUnixTimeSeconds();

    private sealed record Key(byte[] Octets, long ActiveFrom);
}
