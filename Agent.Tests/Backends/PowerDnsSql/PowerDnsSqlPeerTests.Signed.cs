using Agent.Dns.Wire;
using Agent.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>Zones that their master has signed.</summary>
public abstract partial class PowerDnsSqlPeerTests
{
    internal static readonly string[] Ways = ["bind nsec", "bind nsec3", "bind opt-out", "ldns nsec", "ldns nsec3", "ldns opt-out"];

    [Theory]
    [InlineData("bind nsec")]
    [InlineData("bind nsec3")]
    [InlineData("bind opt-out")]
    [InlineData("ldns nsec")]
    [InlineData("ldns nsec3")]
    [InlineData("ldns opt-out")]
    public async Task What_its_master_has_signed_validates(string way)
    {
        string name = $"{way.Replace(' ', '-')}.signed.example";
        DomainName zone = DomainName.Parse(name + ".");
        using ZoneSigner signer = await ZoneSigner.CreateAsync(zone);
        ZoneContent content = await signer.SignAsync(ToSign(zone, 7), way);

        await _target.AppliedAsync(content);

        await _target.ServesAsync(content);
        await signer.VerifyTransferAsync(_server);
        const string Positive = "; fully validated\n";
        const string Negative = "; negative response, fully validated";
        // Where a delegation without DS may lie, opt-out proves no more than that nothing is secured (RFC 5155 section 9.2).
        bool isOut = way.EndsWith("opt-out", StringComparison.Ordinal);
        string wildcard = isOut ? "; unsigned answer" : Positive;
        string unsecured = isOut ? "; negative response, " : Negative;
        await Task.WhenAll(
            signer.ValidateAsync(_server, $"www.{name}", "A", Positive),
            signer.ValidateAsync(_server, name, "DNSKEY", Positive),
            signer.ValidateAsync(_server, $"any.wild.{name}", "TXT", wildcard),
            signer.ValidateAsync(_server, $"secure.{name}", "DS", Positive),
            signer.ValidateAsync(_server, $"no.such.{name}", "A", Negative),
            signer.ValidateAsync(_server, $"zzz.{name}", "A", Negative),
            signer.ValidateAsync(_server, $"www.{name}", "TXT", Negative),
            signer.ValidateAsync(_server, $"c.deep.{name}", "A", Negative),
            signer.ValidateAsync(_server, $"any.wild.{name}", "A", Negative),
            signer.ValidateAsync(_server, name, "TXT", Negative),
            signer.ValidateAsync(_server, $"child.{name}", "DS", unsecured),
            signer.ValidateAsync(_server, $"way.{name}", "A", unsecured));
    }

    [Fact]
    public async Task A_master_begins_to_sign_changes_how_and_ends()
    {
        const string Name = "turns.signed.example";
        DomainName zone = DomainName.Parse(Name + ".");
        using ZoneSigner signer = await ZoneSigner.CreateAsync(zone);
        uint serial = 1;
        foreach (string way in (string[])["", "bind nsec3", "ldns nsec", "bind opt-out", "", "bind nsec", ""])
        {
            ZoneContent content = ToSign(zone, serial++);
            if (way.Length > 0)
                content = await signer.SignAsync(content, way);
            await _target.AppliedAsync(content);
            await _target.ServesAsync(content);
            if (way.Length > 0)
                await signer.ValidateAsync(_server, $"no.such.{Name}", "A", "; negative response, fully validated");
        }

        Assert.Equal("SOA-EDIT|NONE", await _server.SqlAsync(
            $"select kind, content from domainmetadata where domain_id = (select id from domains where name = '{Name}')"));
        (await _server.UtilAsync("rectify-zone", Name)).EnsureSuccess();
        await IsSoundAsync(Name);
    }

    /// <summary>Like <see cref="Delegating"/>; the names are in lower case, since those of NSEC must be.</summary>
    internal static ZoneContent ToSign(DomainName zone, uint serial) => Content(ReadRecords(Delegating(zone, serial)).Select(record =>
        record with { Owner = DomainName.Parse(record.Owner.ToString().ToLowerInvariant()) }));
}
