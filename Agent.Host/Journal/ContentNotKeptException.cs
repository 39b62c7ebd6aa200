using Agent.Dns.Wire;

namespace Agent.Host.Journal;

/// <summary>One zone's content cannot be read or stored. It says nothing about the others that were to be written with it.</summary>
internal sealed class ContentNotKeptException(DomainName zone, Exception cause)
    : IOException($"the content of {zone} cannot be kept: {cause.Message}", cause)
{
    public DomainName Zone { get; } = zone;
}
