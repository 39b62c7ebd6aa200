using System.Data.Common;
using System.Net;
using System.Text;
using Agent.Backends.PowerDnsSql;
using Agent.Host.Journal.Sqlite;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;

namespace Agent.Host.Configuration;

/// <summary>Which database PowerDNS reads.</summary>
public enum PowerDnsProvider
{
    /// <summary>gsqlite3.</summary>
    Sqlite = 0,

    /// <summary>gpgsql.</summary>
    Postgresql = 1,

    /// <summary>gmysql: MySQL or MariaDB.</summary>
    Mysql = 2,
}

/// <param name="Provider">Which database.</param>
/// <param name="ConnectionString">Checked and filled up; may carry a password.</param>
/// <param name="Control">Full path of pdns_server's control socket.</param>
/// <param name="IsPrimary">PowerDNS notifies secondaries.</param>
public sealed record PowerDnsSqlSettings(PowerDnsProvider Provider, Secret ConnectionString, string Control, bool IsPrimary)
    : TargetSettings
{
    private const int StatementSeconds = 60;
    private const int ConnectSeconds = 5;

    // Longer than pdns_server or its tools hold the file for a small change.
    private const int SqliteLockSeconds = 10;

    public PowerDnsSqlOptions ToOptions(HostEndpoint server)
    {
        string text = Encoding.UTF8.GetString(ConnectionString.Reveal());
        PowerDnsSqlOptions options = new(Connector(text), Control, server.ToEndPoint()) { IsPrimary = IsPrimary };
        // A transaction that may write shuts out all others.
        return Provider == PowerDnsProvider.Sqlite ? options with { RowLock = "", ConcurrentChanges = 1 } : options;
    }

    /// <summary>Reads what belongs to the powerdns-sql driver alone.</summary>
    internal static PowerDnsSqlSettings Read(SectionReader section, TargetSurroundings around)
    {
        PowerDnsProvider provider = section.Choice(
            "provider",
            ("sqlite", PowerDnsProvider.Sqlite),
            ("postgresql", PowerDnsProvider.Postgresql),
            ("mysql", PowerDnsProvider.Mysql));
        string text = section.Text("connection-string");
        bool mayBePlain = section.Flag("allow-plaintext");
        try
        {
            text = provider switch
            {
                PowerDnsProvider.Sqlite => CheckSqlite(text),
                PowerDnsProvider.Mysql => CheckMysql(text, mayBePlain),
                _ => CheckPostgres(text, mayBePlain),
            };
        }
        // A parser's own message may quote a value, and values may be secrets.
        catch (Exception broken) when (broken is FormatException or ArgumentException or InvalidCastException or OverflowException)
        {
            string why = broken is SettingException ? broken.Message
                : $"a keyword or a value is none of {provider.ToString().ToLowerInvariant()}'s";
            section.WrongValue("connection-string", why);
        }

        string control = section.File("control");
        if (control.Length == 0) section.Problem("control", "the path of pdns_server's control socket must be given");
        return new PowerDnsSqlSettings(provider, new Secret(Encoding.UTF8.GetBytes(text)), control, PowerDnsApiSettings.KindOf(section));
    }

    private Func<DbConnection> Connector(string text)
    {
        if (Provider == PowerDnsProvider.Postgresql) return () => new NpgsqlConnection(text);
        if (Provider == PowerDnsProvider.Mysql) return () => new MySqlConnection(text);
        SqliteLibrary.Initialize();
        return () => new SqliteConnection(text);
    }

    private static string CheckSqlite(string text)
    {
        SqliteConnectionStringBuilder settings = new(text);
        if (settings.DataSource.Length == 0)
            throw new SettingException("PowerDNS's database is needed: Data Source=/var/lib/powerdns/pdns.sqlite3");
        // A file that is not there is not PowerDNS's.
        settings.Mode = SqliteOpenMode.ReadWrite;
        settings.DefaultTimeout = SqliteLockSeconds;
        // A connection that was kept would go on writing into a file that was deleted and made anew.
        settings.Pooling = false;
        return settings.ConnectionString;
    }

    private static string CheckPostgres(string text, bool mayBePlain)
    {
        NpgsqlConnectionStringBuilder settings = new(text);
        if (string.IsNullOrWhiteSpace(settings.Host)) throw new SettingException("it names no Host");
        if (string.IsNullOrEmpty(settings.Username)) throw new SettingException("it names no Username");
        string[] said = [.. new DbConnectionStringBuilder { ConnectionString = text }.Keys!.Cast<string>()
            .Select(key => key.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant())];
        if (!mayBePlain && !settings.Host.Split(',').All(IsLocal))
        {
            if (!said.Contains("sslmode")) settings.SslMode = SslMode.VerifyFull;
            if (settings.SslMode is not (SslMode.Require or SslMode.VerifyCA or SslMode.VerifyFull))
                throw new SettingException("TLS is needed beyond loopback: SSL Mode=VerifyFull, or allow-plaintext = true");
        }

        if (!said.Contains("commandtimeout")) settings.CommandTimeout = StatementSeconds;
        if (!said.Contains("timeout")) settings.Timeout = ConnectSeconds;
        if (settings.Timeout == 0 || settings.CommandTimeout == 0)
            throw new SettingException("a timeout of 0 would let a silent database hold the target for ever");
        if (string.IsNullOrEmpty(settings.ApplicationName)) settings.ApplicationName = "agent";
        if (!said.Contains("gssencryptionmode")) settings.GssEncryptionMode = GssEncryptionMode.Disable;
        return settings.ConnectionString;
    }

    private static string CheckMysql(string text, bool mayBePlain)
    {
        MySqlConnectionStringBuilder settings = new(text);
        if (string.IsNullOrWhiteSpace(settings.Server)) throw new SettingException("it names no Server");
        if (string.IsNullOrEmpty(settings.UserID)) throw new SettingException("it names no User ID");
        if (string.IsNullOrEmpty(settings.Database)) throw new SettingException("it names no Database");
        if (!mayBePlain && !settings.Server.Split(',').All(IsLocal))
        {
            if (!settings.ContainsKey("SSL Mode")) settings.SslMode = MySqlSslMode.VerifyFull;
            if (settings.SslMode is not (MySqlSslMode.Required or MySqlSslMode.VerifyCA or MySqlSslMode.VerifyFull))
                throw new SettingException("TLS is needed beyond loopback: SSL Mode=VerifyFull, or allow-plaintext = true");
        }

        if (!settings.ContainsKey("Default Command Timeout")) settings.DefaultCommandTimeout = StatementSeconds;
        if (!settings.ContainsKey("Connection Timeout")) settings.ConnectionTimeout = ConnectSeconds;
        if (settings.ConnectionTimeout == 0 || settings.DefaultCommandTimeout == 0)
            throw new SettingException("a timeout of 0 would let a silent database hold the target for ever");
        if (string.IsNullOrEmpty(settings.ApplicationName)) settings.ApplicationName = "agent";
        return settings.ConnectionString;
    }

    private static bool IsLocal(string host)
    {
        string name = host.Trim();
        int port = name.LastIndexOf(':');
        if (port >= 0 && name.IndexOf(':', StringComparison.Ordinal) == port) name = name[..port];
        return name.StartsWith('/') || name.StartsWith('@') || name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(name, out IPAddress? address) && IPAddress.IsLoopback(address));
    }

    /// <summary>What this reader itself has to say against a connection string; its message carries no value.</summary>
    private sealed class SettingException(string message) : FormatException(message);
}
