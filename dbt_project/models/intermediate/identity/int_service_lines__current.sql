{{ current_references('service_lines', ['service_line'], ['name'], whole='service_line') }}
