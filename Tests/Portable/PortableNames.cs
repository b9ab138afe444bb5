using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;

namespace Overnight.Tests.Portable;

/// <summary>The public names of the <c>Portable/</c> folders, by reflection, in the form of <see cref="PublishedNames"/>.</summary>
internal static class PortableNames
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(object)] = "object",
    };

    /// <summary>Types of other people's namespaces in our assemblies; of these only ServiceDefaultsExtensions is ours, in the namespace that Aspire's template gives it.</summary>
    public static IEnumerable<Type> Types() =>
        new[] { typeof(DistributedApplication).Assembly, typeof(ServiceDefaultsExtensions).Assembly, typeof(PortableNames).Assembly }
            .SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type =>
                type.Namespace is { } space
                && (
                    space.StartsWith("Aspire.", StringComparison.Ordinal)
                    || space.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)
                    || space.StartsWith("OpenTelemetry", StringComparison.Ordinal)
                )
            )
            .Where(type => type != typeof(ServiceDefaultsExtensions));

    public static IEnumerable<string> Read(Type type)
    {
        var name = $"{type.Namespace}.{type.Name.Split('`')[0]}";
        var kind =
            type.IsEnum ? "enum"
            : type.IsInterface ? "interface"
            : type.IsValueType ? "struct"
            : type is { IsAbstract: true, IsSealed: true } ? "static class"
            : "class";
        yield return $"{kind} {name}";
        foreach (var constructor in type.GetConstructors(Declared).Where(c => c.GetParameters().Length > 0))
            yield return $"{name}.new({Parameters(constructor)})";
        foreach (var field in type.GetFields(Declared).Where(f => !f.IsSpecialName))
            yield return type.IsEnum
                ? $"{name}.{field.Name}"
                : $"{name}.{field.Name} -> {Name(field.FieldType, Nullability.Create(field))}";
        foreach (var property in type.GetProperties(Declared))
        {
            var of = Name(property.PropertyType, Nullability.Create(property));
            if (property.GetMethod is { IsPublic: true })
                yield return $"{name}.{property.Name}.get -> {of}";
            if (property.SetMethod is { IsPublic: true } set)
                yield return $"{name}.{property.Name}.{(set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init" : "set")} -> {of}";
        }
        foreach (var method in type.GetMethods(Declared).Where(m => !m.IsSpecialName))
        {
            var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";
            yield return $"{name}.{method.Name}{generic}({Parameters(method)}) -> {Name(method.ReturnType, Nullability.Create(method.ReturnParameter))}{Constraints(method)}";
        }
    }

    private static string Parameters(MethodBase method) =>
        string.Join(
            ", ",
            method
                .GetParameters()
                .Select(parameter =>
                    (parameter.Position == 0 && method.IsDefined(typeof(ExtensionAttribute), false) ? "this " : "")
                    + (parameter.IsDefined(typeof(ParamArrayAttribute), false) ? "params " : "")
                    + $"{Name(parameter.ParameterType, Nullability.Create(parameter))} {parameter.Name}{Default(parameter)}"
                )
        );

    private static string Default(ParameterInfo parameter) =>
        !parameter.HasDefaultValue
            ? ""
            : " = "
                + parameter.DefaultValue switch
                {
                    null => parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null
                        ? "default"
                        : "null",
                    bool flag => flag ? "true" : "false",
                    string text => $"\"{text}\"",
                    var value => $"{value}",
                };

    private static string Name(Type type, NullabilityInfo nullability)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return $"{Keywords.GetValueOrDefault(underlying, underlying.Name)}?";
        var name =
            type.IsArray ? $"{Name(type.GetElementType()!, nullability.ElementType!)}[]"
            : type.IsGenericType
                ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select((argument, i) => Name(argument, nullability.GenericTypeArguments[i])))}>"
            : Keywords.GetValueOrDefault(type, type.Name);
        return nullability.ReadState == NullabilityState.Nullable && !type.IsValueType && !type.IsGenericParameter ? $"{name}?" : name;
    }

    private static string Constraints(MethodInfo method) =>
        !method.IsGenericMethod
            ? ""
            : string.Concat(
                method
                    .GetGenericArguments()
                    .Select(argument =>
                    {
                        List<string> all = [];
                        if (argument.GenericParameterAttributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
                            all.Add("class");
                        all.AddRange(argument.GetGenericParameterConstraints().Select(constraint => constraint.Name));
                        if (argument.GenericParameterAttributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint))
                            all.Add("new()");
                        return all.Count == 0 ? "" : $" where {argument.Name} : {string.Join(", ", all)}";
                    })
            );
}
