using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Agent.Host.Nodes;

/// <summary>
/// The nodes that a certificate speaks for, by its subject alternative name: <c>DNS:NODE</c>, or <c>URI:agent://CLUSTER/NODE</c>, which
/// holds for that cluster only. The subject's common name says nothing, and there are no wildcards.
/// </summary>
internal static class CertificateNames
{
    private const string AlternativeName = "2.5.29.17";
    private const string Scheme = "agent://";

    private static readonly Asn1Tag DnsName = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    /// <summary>Whether the certificate speaks for a node of a cluster.</summary>
    public static bool Allow(X509Certificate2 certificate, string cluster, string node) =>
        Read(certificate).Any(name => name.IsUri
            ? string.Equals(name.Text, Scheme + cluster + "/" + node, StringComparison.Ordinal)
            : string.Equals(name.Text, node, StringComparison.OrdinalIgnoreCase));

    /// <summary>The names, for people.</summary>
    public static string Describe(X509Certificate2 certificate)
    {
        string names = string.Join(", ", Read(certificate).Select(name => name.Text));
        return names.Length == 0 ? "no node" : names;
    }

    private static List<(bool IsUri, string Text)> Read(X509Certificate2 certificate)
    {
        List<(bool IsUri, string Text)> names = [];
        try
        {
            foreach (X509Extension extension in certificate.Extensions.Where(e => e.Oid?.Value == AlternativeName))
            {
                AsnReader sequence = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (sequence.HasData)
                {
                    Asn1Tag tag = sequence.PeekTag();
                    if (tag.HasSameClassAndValue(DnsName))
                        names.Add((false, sequence.ReadCharacterString(UniversalTagNumber.IA5String, DnsName)));
                    else if (tag.HasSameClassAndValue(Uri))
                        names.Add((true, sequence.ReadCharacterString(UniversalTagNumber.IA5String, Uri)));
                    else sequence.ReadEncodedValue();
                }
            }
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException)
        {
            return []; // A name that cannot be read names nobody.
        }
        return names;
    }
}
