using System.Globalization;
using System.Text;
using Agent.Backends.PowerDns;

namespace Agent.Backends.PowerDnsSql;

/// <summary>A row of the table of records.</summary>
/// <param name="Name">The owner, see <see cref="TableName"/>.</param>
/// <param name="Type">Null for a name that only has names below it.</param>
/// <param name="Content">The data, without what stands in <paramref name="Priority"/>.</param>
/// <param name="Ttl">In seconds.</param>
/// <param name="Priority">The first number of MX and SRV.</param>
/// <param name="OrderName">Where the name stands among those of the zone, for denials; null where it has no place.</param>
/// <param name="IsAuthoritative">False for what a zone only knows of zones below it.</param>
internal sealed record RecordRow(
    string Name, string? Type, string? Content, long Ttl, int Priority, string? OrderName, bool IsAuthoritative)
{
    /// <summary>The same for rows that are the same, and for no others.</summary>
    public UInt128 Digest()
    {
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{Name}\n{Type ?? " "}\n{Ttl}\n{Priority}\n{OrderName ?? " "}\n{IsAuthoritative}\n{Content ?? " "}");
        return Digest128.Of(Encoding.UTF8.GetBytes(text));
    }
}
