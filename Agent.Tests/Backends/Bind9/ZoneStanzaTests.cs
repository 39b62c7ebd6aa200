using Agent.Backends.Bind9;
using Agent.Backends.Shared;

namespace Agent.Tests.Backends.Bind9;

public sealed class ZoneStanzaTests
{
    private const string File = "/zones/a.example.zone";
    private const string Lenient = "check-names ignore; check-integrity no; check-dup-records ignore;";

    [Theory]
    [InlineData("", "{ type primary; file \"/zones/a.example.zone\"; " + Lenient + " };")]
    [InlineData(
        " allow-transfer { any; } ",
        "{ type primary; file \"/zones/a.example.zone\"; " + Lenient + " allow-transfer { any; }; };")]
    [InlineData(
        "check-names fail;\nnotify no;",
        "{ type primary; file \"/zones/a.example.zone\"; check-integrity no; check-dup-records ignore; "
        + "check-names fail; notify no; };")]
    public void Carries_the_operators_statements(string options, string expected) =>
        Assert.Equal(expected, new ZoneStanza(options).Compose(File));

    [Theory]
    [InlineData("allow-transfer { any; ")]
    [InlineData("}; zone \"evil\" {")]
    [InlineData("notify \"no;")]
    [InlineData("notify no; // quietly")]
    [InlineData("notify no; # quietly")]
    [InlineData("type secondary;")]
    [InlineData("notify no; file \"/etc/passwd\";")]
    public void Refuses_what_is_no_list_of_statements(string options) => Assert.Equal(
        "zone-options", Assert.Throws<BackendOptionsException>(() => new ZoneStanza(options)).Setting);

    [Theory]
    [InlineData("zone \"a.example\" { file \"/zones/a.example.zone\"; allow-transfer  { \"any\"; }; type master; " + Lenient + " };")]
    [InlineData("zone a.example in view { type primary;\n\tfile /zones/a.example.zone; " + Lenient + " allow-transfer { any; };\n};")]
    public void Recognizes_itself_in_nameds_words(string shown) => Assert.Equal(
        ZoneStanza.Canonical(new ZoneStanza("allow-transfer { any; };").Compose(File), File), ZoneStanza.Canonical(shown, File));

    [Theory]
    [InlineData("zone \"a.example\" { type primary; file \"/elsewhere/a.example.zone\"; " + Lenient + " allow-transfer { any; }; };")]
    [InlineData("zone \"a.example\" { type secondary; file \"/zones/a.example.zone\"; " + Lenient + " allow-transfer { any; }; };")]
    [InlineData("zone \"a.example\" { type primary; file \"/zones/a.example.zone\"; " + Lenient + " };")]
    [InlineData("no stanza at all")]
    public void Sees_differences(string shown) => Assert.NotEqual(
        ZoneStanza.Canonical(new ZoneStanza("allow-transfer { any; };").Compose(File), File), ZoneStanza.Canonical(shown, File));

    /// <summary>What shows the zone goes, whatever the operator says; all the rest stays in its words.</summary>
    [Fact]
    public void A_closed_zone_is_shown_to_nobody()
    {
        ZoneStanza stanza = new(
            "allow-query { any; }; also-notify { 192.0.2.1; }; update-policy local; ixfr-from-differences yes; journal \"a;b\"; notify yes; max-zone-ttl 1h;");

        Assert.True(stanza.CanBeClosed);
        Assert.Equal(
            ZoneStanza.Canonical(
                "{ type primary; file \"" + File + "\"; masterfile-format raw; " + Lenient
                + " journal \"a;b\"; max-zone-ttl 1h; allow-query { none; }; allow-transfer { none; }; "
                + "allow-update { none; }; notify no; ixfr-from-differences no; };",
                File),
            ZoneStanza.Canonical(stanza.Compose(File, isRaw: true, isClosed: true), File));
        Assert.False(new ZoneStanza("dnssec-policy default; inline-signing yes;").CanBeClosed);
        Assert.True(ZoneStanza.IsRaw(ZoneStanza.Canonical(stanza.Compose(File, isRaw: true), File)));
        Assert.False(ZoneStanza.IsRaw(ZoneStanza.Canonical(stanza.Compose(File), File)));
    }
}
