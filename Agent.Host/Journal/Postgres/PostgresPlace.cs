using System.Data.Common;
using System.Net;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>One server of the connection string.</summary>
/// <param name="Host">Name, address, or the folder of a unix socket.</param>
internal readonly record struct PostgresHost(string Host, int Port)
{
    /// <summary>Whether nothing that is sent there leaves the machine.</summary>
    public bool IsLocal =>
        Host.StartsWith('/') || Host.StartsWith('@') || Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(Host, out IPAddress? address) && IPAddress.IsLoopback(address));

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

/// <summary>Where the database is: the checked connection string, its hosts one by one, and a password that may lie in a file.</summary>
public sealed class PostgresPlace
{
    private const int DefaultCommandSeconds = 10;
    private const int DefaultConnectSeconds = 5;
    private const int PasswordOctetsMax = 4096;

    private readonly NpgsqlConnectionStringBuilder _settings;
    private readonly string _passwordFile;

    private PostgresPlace(NpgsqlConnectionStringBuilder settings, IReadOnlyList<PostgresHost> hosts, string passwordFile)
    {
        _settings = settings;
        _passwordFile = passwordFile;
        Hosts = hosts;
    }

    /// <summary>In the order of the connection string.</summary>
    internal IReadOnlyList<PostgresHost> Hosts { get; }

    /// <summary>Every statement ends within this time, or its connection is given up.</summary>
    public TimeSpan CommandDeadline => TimeSpan.FromSeconds(_settings.CommandTimeout);

    /// <summary>The schema in which the tables lie: the first of the search path.</summary>
    public string Schema => _settings.SearchPath!.Split(',')[0].Trim().Trim('"');

    /// <summary>For people; holds no password.</summary>
    public string Description => $"postgresql at {string.Join(", ", Hosts)}, database {_settings.Database}";

    /// <summary>Checks a connection string and fills in what it leaves open.</summary>
    /// <param name="passwordFile">Full path of a file that holds the password alone; empty for none. Read at every connection.</param>
    /// <param name="allowPlaintext">Accept servers beyond this machine without TLS.</param>
    /// <exception cref="FormatException">It cannot be used; the message says why and carries no secret.</exception>
    public static PostgresPlace Parse(string connectionString, string passwordFile, bool allowPlaintext)
    {
        NpgsqlConnectionStringBuilder settings = Read(connectionString);
        if (string.IsNullOrWhiteSpace(settings.Host)) throw new FormatException("it names no Host");
        if (string.IsNullOrEmpty(settings.Username)) throw new FormatException("it names no Username");
        if (passwordFile.Length > 0 && settings.Password is { Length: > 0 })
            throw new FormatException("give either Password or password-file, not both");
        if (string.IsNullOrEmpty(settings.Database)) settings.Database = settings.Username;
        PostgresHost[] hosts = [.. settings.Host.Split(',').Select(host => ReadHost(host.Trim(), settings.Port))];
        HashSet<string> said = KeysOf(connectionString);
        if (!allowPlaintext && !hosts.All(host => host.IsLocal))
        {
            if (!said.Contains("sslmode")) settings.SslMode = SslMode.VerifyFull;
            if (settings.SslMode is not (SslMode.Require or SslMode.VerifyCA or SslMode.VerifyFull))
                throw new FormatException("TLS is needed beyond loopback: SSL Mode=VerifyFull, or allow-plaintext = true");
        }

        if (!said.Contains("commandtimeout")) settings.CommandTimeout = DefaultCommandSeconds;
        if (settings.CommandTimeout == 0)
            throw new FormatException("Command Timeout=0 would let a silent server hold the journal for ever");
        if (!said.Contains("timeout")) settings.Timeout = DefaultConnectSeconds;
        if (settings.Timeout == 0) throw new FormatException("Timeout=0 would let a silent server hold the journal for ever");
        if (string.IsNullOrEmpty(settings.SearchPath)) settings.SearchPath = "agent";
        if (string.IsNullOrEmpty(settings.ApplicationName)) settings.ApplicationName = "agent";
        if (!said.Contains("maxautoprepare")) settings.MaxAutoPrepare = 64;
        // Where this encryption is tried first, a server that stands still can hold the opening for ever: the attempt without it then has
        // no deadline (npgsql issue 6655).
        if (!said.Contains("gssencryptionmode")) settings.GssEncryptionMode = GssEncryptionMode.Disable;
        settings.Pooling = false;
        // Asking a server to cancel a statement that waits for its standby makes it confirm the statement without the standby.
        settings.CancellationTimeout = -1;
        settings.Remove("Target Session Attributes");
        return new PostgresPlace(settings, hosts, passwordFile);
    }

    /// <summary>The connection string for one host, with the password as it is now.</summary>
    /// <exception cref="IOException">The password's file cannot be read.</exception>
    internal string ConnectionString(PostgresHost host)
    {
        var settings = new NpgsqlConnectionStringBuilder(_settings.ConnectionString) { Host = host.Host, Port = host.Port };
        if (_passwordFile.Length > 0) settings.Password = ReadPassword();
        return settings.ConnectionString;
    }

    /// <summary>Why the certificate of a host is refused; null when nothing can be found out.</summary>
    internal string? WhyCertificateRefused(PostgresHost host) => PostgresCertificate.WhyRefused(
        host, _settings.RootCertificate, _settings.SslMode == SslMode.VerifyFull, TimeSpan.FromSeconds(_settings.Timeout));

    private static NpgsqlConnectionStringBuilder Read(string connectionString)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            // The message of the parser may quote a value, and values may be secrets.
            throw new FormatException(
                "a keyword or a value is not one of Npgsql's; needed is at least Host=...;Username=...;Database=...", innerException: null);
        }
    }

    /// <summary>What the text itself gives, whatever the defaults are; Npgsql takes its keywords with and without spaces.</summary>
    private static HashSet<string> KeysOf(string connectionString)
    {
        var plain = new DbConnectionStringBuilder { ConnectionString = connectionString };
        return [.. plain.Keys.Cast<string>().Select(key => key.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant())];
    }

    private static PostgresHost ReadHost(string text, int defaultPort)
    {
        if (text.Length == 0) throw new FormatException("Host holds an empty name");
        if (text[0] is '/' or '@') return new PostgresHost(text, defaultPort);
        if (text[0] == '[' && text.IndexOf(']', StringComparison.Ordinal) is var end and > 0)
        {
            string rest = text[(end + 1)..];
            return new PostgresHost(text[1..end], rest.Length == 0 ? defaultPort : ReadPort(rest.TrimStart(':')));
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || colon != text.LastIndexOf(':')
            ? new PostgresHost(text, defaultPort)
            : new PostgresHost(text[..colon], ReadPort(text[(colon + 1)..]));
    }

    private static int ReadPort(string text) =>
        ushort.TryParse(text, out ushort port) && port > 0 ? port : throw new FormatException($"'{text}' is not a port");

    private string ReadPassword()
    {
        using FileStream file = File.OpenRead(_passwordFile);
        var octets = new byte[PasswordOctetsMax + 1];
        int length = file.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false);
        if (length > PasswordOctetsMax) throw new IOException($"{_passwordFile} is too large for a password");
        string password = System.Text.Encoding.UTF8.GetString(octets, 0, length).TrimEnd('\r', '\n');
        return password.Length > 0 ? password : throw new IOException($"{_passwordFile} is empty");
    }
}
