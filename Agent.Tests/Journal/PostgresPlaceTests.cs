using Agent.Bench.Peers;
using Agent.Host.Journal.Postgres;
using Npgsql;

namespace Agent.Tests.Journal;

/// <summary>What is read out of a connection string, and what is filled in.</summary>
public sealed class PostgresPlaceTests
{
    [Theory]
    [InlineData("Host=db1,db2:6000;Port=5555", "db1:5555 db2:6000")]
    [InlineData("Host=[2001:db8::1]:6000, ::1, [::2]", "[2001:db8::1]:6000 [::1]:5432 [::2]:5432")]
    [InlineData("Host=/run/postgresql", "/run/postgresql:5432")]
    public void Hosts_are_read_one_by_one(string text, string expected)
    {
        PostgresPlace place = PostgresPlace.Parse(text + ";Username=agent", "", allowPlaintext: false);
        Assert.Equal(expected, string.Join(' ', place.Hosts));
    }

    [Theory]
    [InlineData("Host=db1", false, SslMode.VerifyFull)]
    [InlineData("Host=127.0.0.1,db1", false, SslMode.VerifyFull)]
    [InlineData("Host=db1;SSL Mode=Require", false, SslMode.Require)]
    [InlineData("Host=db1", true, SslMode.Prefer)]
    [InlineData("Host=127.0.0.9,::1,localhost,/run/x", false, SslMode.Prefer)]
    public void Beyond_this_machine_the_certificate_is_checked_unless_said(string text, bool allowPlaintext, SslMode expected)
    {
        PostgresPlace place = PostgresPlace.Parse(text + ";Username=agent", "", allowPlaintext);
        Assert.Equal(expected, new NpgsqlConnectionStringBuilder(place.ConnectionString(place.Hosts[0])).SslMode);
    }

    [Fact]
    public void The_password_is_read_at_every_connection_and_never_told()
    {
        using var folder = new TemporaryFolder("password");
        string file = folder.Write("password", "first one\n");
        PostgresPlace place = PostgresPlace.Parse("Host=::1;Username=agent;Target Session Attributes=primary", file, allowPlaintext: false);
        Assert.Equal("first one", Password());
        folder.Write("password", "second");
        Assert.Equal("second", Password());
        Assert.DoesNotContain("second", place.Description, StringComparison.Ordinal);
        File.Delete(file);
        Assert.ThrowsAny<IOException>(() => Password());

        string? Password() => new NpgsqlConnectionStringBuilder(place.ConnectionString(place.Hosts[0])).Password;
    }

    [Fact]
    public void No_statement_waits_for_ever_and_none_is_cancelled_at_its_commit()
    {
        PostgresPlace place = PostgresPlace.Parse("Host=::1;Username=agent", "", allowPlaintext: false);
        var settings = new NpgsqlConnectionStringBuilder(place.ConnectionString(place.Hosts[0]));
        Assert.Equal((10, 5, -1, false), (settings.CommandTimeout, settings.Timeout, settings.CancellationTimeout, settings.Pooling));
        Assert.Equal("agent", place.Schema);
    }
}
