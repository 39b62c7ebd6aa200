using Agent.Host.Journal.Postgres;
using Npgsql;

namespace Agent.Tests.Journal;

/// <summary>What the failures of a server mean at a start.</summary>
public sealed class PostgresErrorTests
{
    [Theory]
    [InlineData("25006", true)] // read-only
    [InlineData("55P03", true)] // a lock is held
    [InlineData("53100", true)] // disk full
    [InlineData("53300", true)] // too many connections
    [InlineData("57P01", true)] // shut down
    [InlineData("57P03", true)] // starting up
    [InlineData("40P01", true)] // deadlock
    [InlineData("58030", true)] // I/O error
    [InlineData("42501", false)] // rights
    [InlineData("3F000", false)] // no such schema
    [InlineData("42P01", false)] // no such table
    [InlineData("22021", false)] // encoding
    public void What_may_pass_is_told_from_what_a_person_must_mend(string state, bool mayPass) =>
        Assert.Equal(mayPass, PostgresErrors.MayPass(new PostgresException("for a test", "ERROR", "ERROR", state)));
}
